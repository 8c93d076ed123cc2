import { describe, expect, it } from 'vitest';
import { withDeadline, within } from '#src/protocol/time/within.js';
import { ManualClock } from '#src/testing/manual-clock.js';

describe('an answer, but not later than a deadline', () => {
  const never = new Promise<never>(() => undefined);

  it('is the answer where that comes first, and leaves no timer behind', async () => {
    const signals: (AbortSignal | undefined)[] = [];
    const clock = {
      sleepUntil: (_: number, signal?: AbortSignal) => {
        signals.push(signal);
        return never;
      },
    };
    expect(await within(clock, 100, Promise.resolve('yes'), 'late')).toBe('yes');
    expect(signals.map((signal) => signal?.aborted)).toEqual([true]);
  });

  it('is what stands for none at the deadline, and not before', async () => {
    const clock = new ManualClock();
    const seen: string[] = [];
    void within(clock, clock.monotonicMs() + 100, never, 'late').then((value) => seen.push(value));
    await clock.advance(99);
    expect(seen).toEqual([]);
    await clock.advance(1);
    expect(seen).toEqual(['late']);
  });

  it('rejects with what the answer rejects with in time, and drops what comes later', async () => {
    const clock = new ManualClock();
    const broken = new Error('broken');
    await expect(within(clock, 100, Promise.reject(broken), 'late')).rejects.toBe(broken);
    let fail = (_: Error): void => undefined;
    const slow = new Promise<string>((_, reject) => {
      fail = reject;
    });
    const waiting = within(clock, clock.monotonicMs() + 100, slow, 'late');
    await clock.advance(100);
    fail(broken);
    expect(await waiting).toBe('late');
  });

  it('is waited for with one timer where several share the deadline', async () => {
    const clock = new ManualClock();
    let timers = 0;
    const counted = {
      sleepUntil: (untilMs: number, signal?: AbortSignal) => {
        timers += 1;
        return clock.sleepUntil(untilMs, signal);
      },
    };
    const answers = withDeadline(counted, clock.monotonicMs() + 100, (bounded) =>
      Promise.all([bounded(never, 'late'), bounded(Promise.resolve('yes'), 'late'), bounded(never, 'late')]),
    );
    await clock.advance(100);
    expect(await answers).toEqual(['late', 'yes', 'late']);
    expect(timers).toBe(1);
  });
});
