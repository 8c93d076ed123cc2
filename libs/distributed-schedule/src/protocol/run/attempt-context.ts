/** What a handler is given. The signal and the key of an attempt are made when it first asks for them, as most never do. */

import { claimedInstant, type DueTick } from '../contract/due-tick.js';
import type { TickContext } from '../contract/tick-context.js';
import type { Lease } from '../lease/lease.js';
import type { AttemptSignal } from './attempt-signal.js';
import type { RunParts } from './run-parts.js';

/** The attempt that a context is of. */
interface ContextOrigin {
  readonly due: DueTick;
  readonly attempt: number;
  readonly claimId: string;
}

const SOURCE = Symbol('what is made when a handler asks for it');

interface Sourced {
  readonly [SOURCE]: ContextSource;
}

/** Properties of the context itself, so that a copy has them too. One pair for all: a getter of its own for each context costs 5 µs. */
const SIGNAL: PropertyDescriptor & ThisType<Sourced> = {
  enumerable: true,
  get() {
    return this[SOURCE].signal.signal;
  },
};
const IDEMPOTENCY_KEY: PropertyDescriptor & ThisType<Sourced> = {
  enumerable: true,
  get() {
    return this[SOURCE].idempotencyKey;
  },
};

class ContextSource {
  private key: string | undefined;

  constructor(
    readonly signal: AttemptSignal,
    private readonly keyOf: RunParts['idempotencyKey'],
    private readonly task: string,
    private readonly tick: number,
  ) {}

  get idempotencyKey(): string {
    this.key ??= this.keyOf(this.task, this.tick);
    return this.key;
  }
}

export function contextOf(
  parts: Pick<RunParts, 'idempotencyKey' | 'instanceId'>,
  lease: Lease,
  { due, attempt, claimId }: ContextOrigin,
  signal: AttemptSignal,
): TickContext {
  const context = {
    task: due.task.name,
    tick: due.tick,
    // The claimed instant itself is the token: wins of a task are ordered by it through the node that two majorities share.
    fencingToken: claimedInstant({ tick: due.tick, attempt }),
    claimId,
    attempt,
    instanceId: parts.instanceId,
    payload: due.task.payloadOf?.(due.tick),
    remainingMs: () => lease.remainingMs(),
    assertHeld: () => lease.assertHeld(),
  };
  const source = new ContextSource(signal, parts.idempotencyKey, due.task.name, due.tick);
  Object.defineProperty(context, SOURCE, { value: source });
  Object.defineProperty(context, 'signal', SIGNAL);
  Object.defineProperty(context, 'idempotencyKey', IDEMPOTENCY_KEY);
  return Object.freeze(context) as unknown as TickContext;
}
