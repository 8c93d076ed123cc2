import { setMaxListeners } from 'node:events';
import { LeaseLostError } from '../protocol/contract/errors.js';
import type { TickContext } from '../protocol/contract/tick-context.js';
import { requireKnownOptions } from '../protocol/options/option-names.js';
import { runInTick as runWithContext } from '../system/current-tick.js';
import { idempotencyKey } from '../system/idempotency-key.js';
import { allowed } from '../tasks/task-policy-options.js';

/** What {@link createTickContext} takes; what is left out has a sensible value. */
export interface TickContextOverrides
  extends Partial<Omit<TickContext, 'remainingMs' | 'assertHeld' | 'signal'>> {
  /** Lease time left at the start. Default 3000. */
  readonly remainingMs?: number;
  /** One of your own, beside {@link TestTickContext.abort}: when it aborts, so does that of the context. */
  readonly signal?: AbortSignal;
}

/** The context of a run that a test holds in its hand. */
export interface TestTickContext extends TickContext {
  /** Aborts the signal while the lease stays good, as at shutdown or after `timeoutMs`. */
  abort(reason?: unknown): void;
  /** Ends the lease: the signal aborts with a {@link LeaseLostError}, `remainingMs()` is 0, `assertHeld()` throws. */
  loseLease(reason?: string): void;
  /** Sets the lease time that is left. With 0 the lease is lost. */
  setRemainingMs(remainingMs: number): void;
}

const NAMES = allowed<TickContextOverrides>(
  ...(['task', 'tick', 'fencingToken', 'claimId', 'idempotencyKey', 'attempt'] as const),
  ...(['instanceId', 'payload', 'remainingMs', 'signal'] as const),
);

const LEASE_MS = 3_000;
const NAMESPACE = 'test';
let lastClaim = 0;

/**
 * A full {@link TickContext} for the unit test of a handler, without a scheduler, a store or time:
 *
 * ```ts
 * const tick = createTickContext({ payload: { dryRun: true } });
 * await settlement.settle(tick);
 * ```
 *
 * Token and key follow from task, tick and attempt, as in production; each context has a claim id of its own.
 * @throws DistributedScheduleError DSCHED_UNKNOWN_OPTION for a field that no context has
 */
export function createTickContext(overrides: TickContextOverrides = {}): TestTickContext {
  requireKnownOptions('createTickContext', overrides, NAMES);
  const { task = 'task', tick = Date.UTC(2030, 0, 1), attempt = 1, signal: outside } = overrides;
  const controller = new AbortController();
  let leftMs = overrides.remainingMs ?? LEASE_MS;
  let lostBecause: string | undefined;
  const lost = (): LeaseLostError => new LeaseLostError(task, tick, lostBecause ?? 'the test has ended it');
  const loseLease = (reason = 'the test has ended it'): void => {
    leftMs = 0;
    lostBecause ??= reason;
    controller.abort(lost());
  };
  lastClaim += 1;
  const context: TestTickContext = {
    ...{ task, tick, attempt },
    fencingToken: overrides.fencingToken ?? tick + attempt - 1,
    claimId: overrides.claimId ?? `test-claim-${lastClaim}`,
    idempotencyKey: overrides.idempotencyKey ?? idempotencyKey(NAMESPACE, task, tick),
    instanceId: overrides.instanceId ?? 'test-instance',
    payload: overrides.payload,
    signal: controller.signal,
    remainingMs: () => leftMs,
    assertHeld: () => {
      if (leftMs <= 0) throw lost();
    },
    abort: (reason) => controller.abort(reason),
    loseLease,
    setRemainingMs: (remainingMs) => {
      if (remainingMs <= 0) loseLease('its time has run out');
      else leftMs = remainingMs;
    },
  };
  if (leftMs <= 0) loseLease('its time has run out');
  follow(outside, controller);
  return Object.freeze(context);
}

function follow(outside: AbortSignal | undefined, controller: AbortController): void {
  if (outside === undefined) return;
  const abort = (): void => controller.abort(outside.reason);
  if (outside.aborted) abort();
  else outside.addEventListener('abort', abort, { once: true });
}

/**
 * Runs `run` as if it were called by a handler: `currentTick()` inside it, and in whatever it awaits, is `context`.
 *
 * ```ts
 * await runInTick(createTickContext({ task: 'settle' }), () => repository.save(order));
 * ```
 *
 * @returns what `run` returns
 */
export function runInTick<T>(context: TickContext, run: () => T): T {
  setMaxListeners(0, context.signal);
  return runWithContext(context, run);
}
