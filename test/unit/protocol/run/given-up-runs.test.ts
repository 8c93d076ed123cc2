/** Handlers that do not return and are given up: who runs the next tick, and what becomes of the one that hangs. */

import { describe, expect, it } from 'vitest';
import { eventsOf, Hung, inFlight, stuck } from './hung-runs-stage.js';
import { PERIOD_MS, PolicyStage } from './policy-stage.js';

describe('a run that is given up', () => {
  it('is told, its signal aborts, its lease ends, and the next tick runs elsewhere with a larger token', async () => {
    const hung = new Hung();
    const stage = new PolicyStage({ giveUpAfterMs: 6_000 }, hung.work);
    await stage.set();
    await stage.until(5_900);
    expect(hung.contexts[0]?.signal.aborted).toBe(false);
    await stage.until(6_100);
    expect(hung.contexts[0]?.signal.reason).toMatchObject({ code: 'DSCHED_GIVEN_UP', task: 'settle' });
    expect(stage.outcomes(0)).toEqual(['given_up']);
    await stage.until(9_500);
    expect(hung.contexts[0]?.remainingMs()).toBe(0);
    await stage.until(11_000);
    expect(stage.story()).toEqual(['0', '2']);
    expect(stage.starts[1]?.instanceId).not.toBe(stage.starts[0]?.instanceId);
    expect(stage.startOf(2)?.atMs).toBeLessThan(2 * PERIOD_MS + 250);
  });

  it('keeps its lock for what is left of its lease, so that a handler that hears its signal is not run beside', async () => {
    const hung = new Hung();
    // The next tick comes 800 ms after it was given up.
    const stage = new PolicyStage({ giveUpAfterMs: 4_200 }, hung.work);
    await stage.set();
    await stage.until(4_900);
    expect(hung.contexts[0]?.remainingMs()).toBeGreaterThan(1_000);
    expect(() => hung.contexts[0]?.assertHeld()).not.toThrow();
    hung.end(0);
    await stage.until(5_500);
    // It has returned, and so the next tick need not wait for the end of the lease.
    expect(stage.story()).toEqual(['0', '1']);
  });

  it('is named until its handler returns, whose late success is told and decides nothing', async () => {
    const hung = new Hung();
    const stage = new PolicyStage({ giveUpAfterMs: 6_000 }, hung.work);
    await stage.set();
    await stage.until(19_000);
    expect(inFlight(stage)).toMatchObject([{ state: 'given_up' }]);
    await stage.until(62_000);
    expect(stuck(stage)).toMatchObject([{ cause: 'given_up' }]);
    const before = stage.outcomes(0);
    hung.end(0);
    await stage.until(62_100);
    expect(eventsOf(stage, 'late_end')).toMatchObject([{ outcome: 'given_up', hasThrown: false }]);
    expect(stage.outcomes(0)).toEqual(before);
    expect(inFlight(stage)).toEqual([]);
  });

  it('is not repeated, nor retaken: its verdict is final', async () => {
    const hung = new Hung();
    const retry = { attempts: 3, baseMs: 100, capMs: 100, jitter: 0, deadlineMs: 60_000 };
    const stage = new PolicyStage({ giveUpAfterMs: 6_000, retry, recovery: 'retake' }, hung.work);
    await stage.set();
    await stage.until(26_000);
    expect(stage.story()).toEqual(['0', '2', '3', '4', '5']);
    expect(stage.outcomes(0)).toEqual(['given_up']);
  });

  it('has one verdict: where it had timed out before, that stays', async () => {
    const hung = new Hung();
    const stage = new PolicyStage({ timeoutMs: 700, giveUpAfterMs: 6_000 }, hung.work);
    await stage.set();
    await stage.until(11_000);
    expect(stage.outcomes(0)).toEqual(['timed_out']);
    expect(eventsOf(stage, 'given_up')).toEqual([
      { type: 'given_up', task: 'settle', tick: hung.contexts[0]?.tick, attempt: 1, giveUpAfterMs: 6_000 },
    ]);
    expect(inFlight(stage)).toMatchObject([{ state: 'given_up' }]);
    expect(stage.story()).toEqual(['0', '2']);
  });

  it('runs again on its own instance, beside what hangs, where no other lives', async () => {
    const hung = new Hung();
    const stage = new PolicyStage({ giveUpAfterMs: 6_000 }, hung.work);
    await stage.set(1);
    await stage.until(11_000);
    expect(stage.story()).toEqual(['0', '2']);
    expect(stage.starts[1]?.instanceId).toBe(stage.starts[0]?.instanceId);
    expect(inFlight(stage)).toHaveLength(1);
  });

  it('is not run beside for ever: with ten of them an instance leaves the task alone', async () => {
    const hung = new Hung(100);
    const stage = new PolicyStage({ giveUpAfterMs: 1_000 }, hung.work);
    await stage.set(1);
    await stage.until(24 * PERIOD_MS + 1_000);
    expect(hung.contexts).toHaveLength(10);
    expect(stage.outcomes(24)).toEqual(['overlap']);
    hung.end(3);
    await stage.until(26 * PERIOD_MS);
    expect(hung.contexts).toHaveLength(11);
  });

  it('lets go of the tick that was buffered behind it', async () => {
    const hung = new Hung();
    const stage = new PolicyStage({ giveUpAfterMs: 6_000, overlap: 'buffer_one' }, hung.work);
    await stage.set();
    await stage.until(16_000);
    expect(stage.outcomes(1)).toContain('overlap');
    expect(stage.story()).toEqual(['0', '2', '3']);
  });

  it('lets the ticks that stood in line be made up for elsewhere, where all are', async () => {
    const hung = new Hung();
    const stage = new PolicyStage({ giveUpAfterMs: 6_000, overlap: 'buffer_one', misfire: 'all' }, hung.work);
    await stage.set();
    await stage.until(21_000);
    expect(stage.story()).toEqual(['0', '1', '2', '3', '4']);
  });

  it('that was cancelled, and did not hear it, is given up all the same', async () => {
    const hung = new Hung();
    const stage = new PolicyStage({ giveUpAfterMs: 6_000, overlap: 'cancel_other' }, hung.work);
    await stage.set();
    await stage.until(11_000);
    expect(hung.contexts[0]?.signal.reason).toMatchObject({ code: 'DSCHED_CANCELLED' });
    expect(stage.outcomes(0)).toEqual(['given_up']);
    expect(stage.story()).toEqual(['0', '2']);
  });

  it('gives up its own lock only, where runs may overlap', async () => {
    const hung = new Hung();
    const stage = new PolicyStage({ giveUpAfterMs: 6_000, overlap: 'allow' }, hung.work);
    await stage.set();
    await stage.until(11_000);
    expect(stage.story()).toEqual(['0', '1', '2']);
    expect(stage.outcomes(0)).toEqual(['given_up']);
  });

  it('does not hold up the shutdown of its instance', async () => {
    const hung = new Hung();
    const stage = new PolicyStage({ giveUpAfterMs: 6_000 }, hung.work);
    await stage.set(1);
    await stage.until(9_700);
    const { scheduler } = stage.cluster.members[0] ?? {};
    let isStopped = false;
    void scheduler?.stop().then(() => {
      isStopped = true;
    });
    await stage.until(9_800);
    expect(isStopped).toBe(true);
    expect(scheduler?.status().runs).toMatchObject([{ state: 'given_up' }]);
  });

  it('does not hold it up either while its lease lasts, and its lock stands until then', async () => {
    const hung = new Hung();
    // The next tick comes 800 ms after it was given up.
    const stage = new PolicyStage({ giveUpAfterMs: 4_200 }, hung.work);
    await stage.set();
    await stage.until(4_300);
    const holder = stage.cluster.members.find(({ id }) => id === stage.starts[0]?.instanceId);
    let isStopped = false;
    void holder?.scheduler.stop().then(() => {
      isStopped = true;
    });
    await stage.until(4_400);
    expect(isStopped).toBe(true);
    expect(hung.contexts[0]?.remainingMs()).toBe(0);
    await stage.until(5_900);
    expect(stage.story()).toEqual(['0']);
    await stage.until(11_000);
    expect(stage.story()).toEqual(['0', '2']);
  });
});
