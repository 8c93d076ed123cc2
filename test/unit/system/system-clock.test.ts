import { describe, expect, it, vi } from 'vitest';
import { SystemClock } from '#src/system/system-clock.js';

describe('the clock of the system', () => {
  it('wakes each of many, none before its instant, also after a rest', async () => {
    const clock = new SystemClock();
    const startMs = clock.monotonicMs();
    const sleeps = [9, 5, 5.5, 1, 7, 5].map(async (inMs) => {
      await clock.wakeExactlyAt(startMs + inMs);
      expect(clock.monotonicMs()).toBeGreaterThanOrEqual(startMs + inMs);
    });
    await Promise.all(sleeps);
    // And anew, when the loop has come to rest.
    const againMs = clock.monotonicMs() + 1;
    await clock.wakeExactlyAt(againMs);
    expect(clock.monotonicMs()).toBeGreaterThanOrEqual(againMs);
  });

  it('is content with a timer where it is to cost nothing, and wakes nobody before the instant', async () => {
    const clock = new SystemClock('timer');
    const nap = vi.spyOn(Atomics, 'wait');
    const atMs = clock.monotonicMs() + 5.5;
    await clock.wakeExactlyAt(atMs);
    expect(clock.monotonicMs()).toBeGreaterThanOrEqual(atMs);
    expect(nap).not.toHaveBeenCalled();
  });

  it('does not wait for an instant that has passed, and ends a sleep that is stopped', async () => {
    const clock = new SystemClock();
    await clock.wakeExactlyAt(clock.monotonicMs() - 1);
    await clock.sleepUntil(clock.monotonicMs() - 1);
    const stopped = AbortSignal.abort();
    await clock.sleepUntil(clock.monotonicMs() + 3_600_000, stopped);
    const controller = new AbortController();
    const sleeping = clock.sleepUntil(clock.monotonicMs() + 3_600_000, controller.signal);
    controller.abort();
    await sleeping;
  });
});
