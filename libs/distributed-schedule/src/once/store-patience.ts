/** How long and how often an unreachable store is asked again. Contention is never waited for in this way. */

import type { Clock, Random } from '../protocol/contract/ports.js';
import { spoken } from '../protocol/contract/spoken.js';
import { between, defaultsOf, type OptionSpec, optional, whole } from '../protocol/options/option-spec.js';

export interface StorePatience {
  /** Delay before the second try; it doubles from one to the next. */
  readonly baseMs: number;
  /** The longest delay, before jitter. */
  readonly capMs: number;
  /** Share of the delay that is added at random at most, 0 to 0.1. */
  readonly jitter: number;
  /** No try begins later than this after the first one. */
  readonly deadlineMs: number;
}

const MAX_MS = 3_600_000;

export const PATIENCE: OptionSpec<StorePatience> = {
  baseMs: optional(whole(1, MAX_MS), 100),
  capMs: optional(whole(1, MAX_MS), 5_000),
  jitter: optional(between(0, 0.1), 0.1),
  deadlineMs: optional(whole(0, MAX_MS), 30_000),
};

export const DEFAULT_PATIENCE = defaultsOf(PATIENCE);

/**
 * Delay before the next try, in ms.
 * @param tries made so far, at least 1
 * @param random uniform in [0, 1)
 */
export function patienceMs({ baseMs, capMs, jitter }: StorePatience, tries: number, random: number): number {
  return Math.min(capMs, baseMs * 2 ** (tries - 1)) * (1 + random * jitter);
}

export interface Patient {
  readonly clock: Clock;
  readonly random: Random;
  readonly patience: StorePatience;
  readonly signal?: AbortSignal | undefined;
  readonly outage?: StoreOutage | undefined;
}

/** Has the log say when the store falls silent and when it answers again, each once, whatever number of calls wait for it. */
export class StoreOutage {
  private sinceMs: number | undefined;

  constructor(
    private readonly clock: Pick<Clock, 'monotonicMs'>,
    private readonly warn: (line: string) => void,
  ) {}

  unreachable(reason: string, patienceLeftMs: number): void {
    if (this.sinceMs !== undefined) return;
    this.sinceMs = this.clock.monotonicMs();
    this.warn(
      `The snapshot store does not answer: ${reason}. Calls of runOnce wait for it for up to ${spoken(patienceLeftMs)}.`,
    );
  }

  answered(): void {
    if (this.sinceMs === undefined) return;
    const lastedMs = this.clock.monotonicMs() - this.sinceMs;
    this.sinceMs = undefined;
    this.warn(`The snapshot store answers again after ${spoken(lastedMs)}.`);
  }
}

/** Asks until there is an answer, or patience or the signal ends; then the last reply is the answer. */
export async function askPatiently<Reply extends { readonly kind: string; readonly reason?: string }>(
  { clock, random, patience, signal, outage }: Patient,
  ask: () => Promise<Reply>,
): Promise<Reply> {
  const deadlineMs = clock.monotonicMs() + patience.deadlineMs;
  for (let tries = 1; ; tries += 1) {
    const reply = await ask();
    if (reply.kind !== 'unreachable') {
      outage?.answered();
      return reply;
    }
    outage?.unreachable(reply.reason ?? 'no reason is known', deadlineMs - clock.monotonicMs());
    if (signal?.aborted === true) return reply;
    const wakeMs = clock.monotonicMs() + patienceMs(patience, tries, random.next());
    if (wakeMs > deadlineMs) return reply;
    await clock.sleepUntil(wakeMs, signal);
  }
}
