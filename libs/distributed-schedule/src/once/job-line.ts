/** Attempts of one process at one job queue here: twenty duplicates would hold twenty connections. The store decides. */

import type { Clock } from '../protocol/contract/ports.js';
import type { BeginVerdict, JobStart, OpenAttempt, Snapshot } from './snapshot-store.js';

export interface JobLineParts {
  readonly clock: Pick<Clock, 'monotonicMs' | 'sleepUntil'>;
  /** How long an attempt stands in line before its answer is `pending`. */
  readonly waitMs: number;
  /** An attempt that is in front for longer is passed: the store may know that it has ended while its effect goes on. */
  readonly takeoverMs: number;
}

/** Who is in front: an attempt, from its request to the store until its end. */
class InFront {
  snapshot: Snapshot | undefined;
  /** Answers all that stand in line. */
  success: Snapshot | undefined;
  readonly waiting = new Set<() => void>();

  constructor(
    private readonly token: number | undefined,
    readonly passedAtMs: number,
  ) {}

  /** Of the job: an attempt without one stands under that of an earlier one. */
  get newestToken(): number | undefined {
    return this.snapshot?.fencingToken ?? this.token;
  }
}

export class JobLine<Tx> {
  private readonly front = new Map<string, InFront>();

  constructor(private readonly parts: JobLineParts) {}

  /** Begins when it is this attempt's turn; or answers with the success of the one before it, without asking the store. */
  async begin(
    start: JobStart,
    signal: AbortSignal | undefined,
    begin: () => Promise<BeginVerdict<Tx>>,
  ): Promise<BeginVerdict<Tx>> {
    const { clock, waitMs } = this.parts;
    const giveUpMs = clock.monotonicMs() + waitMs;
    for (;;) {
      const before = this.front.get(start.jobId);
      if (before === undefined || this.mayPass(before, start)) return this.beginInFront(start, begin);
      await this.waitFor(before, Math.min(giveUpMs, before.passedAtMs), signal);
      if (before.success !== undefined) return { kind: 'done', snapshot: before.success };
      const isOver = signal?.aborted === true || clock.monotonicMs() >= giveUpMs;
      if (isOver && !this.mayPass(before, start)) {
        return { kind: 'pending', ...(before.snapshot === undefined ? {} : { snapshot: before.snapshot }) };
      }
    }
  }

  /** A larger token is not kept out by a stale holder, wherever that is. */
  private mayPass({ newestToken, passedAtMs }: InFront, { fencingToken }: JobStart): boolean {
    const isNewer = fencingToken !== undefined && newestToken !== undefined && fencingToken > newestToken;
    return isNewer || this.parts.clock.monotonicMs() >= passedAtMs;
  }

  private async beginInFront(
    { jobId, fencingToken }: JobStart,
    begin: () => Promise<BeginVerdict<Tx>>,
  ): Promise<BeginVerdict<Tx>> {
    const own = new InFront(fencingToken, this.parts.clock.monotonicMs() + this.parts.takeoverMs);
    this.front.set(jobId, own);
    const leave = (success?: Snapshot): void => {
      own.success ??= success;
      // Another one may have passed.
      if (this.front.get(jobId) === own) this.front.delete(jobId);
      for (const wake of own.waiting) wake();
    };
    let verdict: BeginVerdict<Tx>;
    try {
      verdict = await begin();
    } catch (error) {
      leave();
      throw error;
    }
    if (verdict.kind !== 'begun') {
      leave(verdict.kind === 'done' ? verdict.snapshot : undefined);
      return verdict;
    }
    own.snapshot = verdict.attempt.snapshot;
    return { kind: 'begun', attempt: leavingAtItsEnd(verdict.attempt, leave) };
  }

  private async waitFor(
    { waiting }: InFront,
    untilMs: number,
    signal: AbortSignal | undefined,
  ): Promise<void> {
    const woken = new AbortController();
    const wake = (): void => woken.abort('woken');
    waiting.add(wake);
    signal?.addEventListener('abort', wake, { once: true });
    if (signal?.aborted === true) wake();
    await this.parts.clock.sleepUntil(untilMs, woken.signal);
    waiting.delete(wake);
    signal?.removeEventListener('abort', wake);
  }
}

/** With the first of its ends it holds nothing any more, also where that has no answer or throws. */
function leavingAtItsEnd<Tx>(attempt: OpenAttempt<Tx>, leave: (success?: Snapshot) => void): OpenAttempt<Tx> {
  return {
    snapshot: attempt.snapshot,
    tx: attempt.tx,
    succeed: async (output) => {
      let success: Snapshot | undefined;
      try {
        const verdict = await attempt.succeed(output);
        if (verdict.kind === 'written') success = verdict.snapshot;
        return verdict;
      } finally {
        leave(success);
      }
    },
    fail: (error) => attempt.fail(error).finally(() => leave()),
    abandon: () => attempt.abandon().finally(() => leave()),
  };
}
