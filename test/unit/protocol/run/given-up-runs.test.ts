/** Handlers that do not return and are given up: who runs the next tick, and what becomes of the one that hangs. */

import { describe, expect, it } from 'vitest';
import { eventsOf, Hung, inFlight, stuck } from './hung-runs-stage.js';
import { PERIOD_MS, PolicyScene } from './policy-scene.js';

describe('a run that is given up', () => {
  it('is told, its signal aborts, its lease ends, and the next tick runs elsewhere with a larger token', async () => {
    const hung = new Hung();
    const scene = new PolicyScene({ giveUpAfterMs: 6_000 }, hung.work);
    await scene.set();
    await scene.until(5_900);
    expect(hung.contexts[0]?.signal.aborted).toBe(false);
    await scene.until(6_100);
    expect(hung.contexts[0]?.signal.reason).toMatchObject({ code: 'DSCHED_GIVEN_UP', task: 'settle' });
    expect(scene.outcomes(0)).toEqual(['given_up']);
    await scene.until(9_500);
    expect(hung.contexts[0]?.remainingMs()).toBe(0);
    await scene.until(11_000);
    expect(scene.story()).toEqual(['0', '2']);
    expect(scene.starts[1]?.instanceId).not.toBe(scene.starts[0]?.instanceId);
    expect(scene.startOf(2)?.atMs).toBeLessThan(2 * PERIOD_MS + 250);
  });

  it('keeps its lock for what is left of its lease, so that a handler that hears its signal is not run beside', async () => {
    const hung = new Hung();
    // The next tick comes 800 ms after it was given up.
    const scene = new PolicyScene({ giveUpAfterMs: 4_200 }, hung.work);
    await scene.set();
    await scene.until(4_900);
    expect(hung.contexts[0]?.remainingMs()).toBeGreaterThan(1_000);
    expect(() => hung.contexts[0]?.assertHeld()).not.toThrow();
    hung.end(0);
    await scene.until(5_500);
    // It has returned, and so the next tick need not wait for the end of the lease.
    expect(scene.story()).toEqual(['0', '1']);
  });

  it('is named until its handler returns, whose late success is told and decides nothing', async () => {
    const hung = new Hung();
    const scene = new PolicyScene({ giveUpAfterMs: 6_000 }, hung.work);
    await scene.set();
    await scene.until(19_000);
    expect(inFlight(scene)).toMatchObject([{ state: 'given_up' }]);
    await scene.until(62_000);
    expect(stuck(scene)).toMatchObject([{ cause: 'given_up' }]);
    const before = scene.outcomes(0);
    hung.end(0);
    await scene.until(62_100);
    expect(eventsOf(scene, 'late_end')).toMatchObject([{ outcome: 'given_up', hasThrown: false }]);
    expect(scene.outcomes(0)).toEqual(before);
    expect(inFlight(scene)).toEqual([]);
  });

  it('is not repeated, nor retaken: its verdict is final', async () => {
    const hung = new Hung();
    const retry = { attempts: 3, baseMs: 100, capMs: 100, jitter: 0, deadlineMs: 60_000 };
    const scene = new PolicyScene({ giveUpAfterMs: 6_000, retry, recovery: 'retake' }, hung.work);
    await scene.set();
    await scene.until(26_000);
    expect(scene.story()).toEqual(['0', '2', '3', '4', '5']);
    expect(scene.outcomes(0)).toEqual(['given_up']);
  });

  it('has one verdict: where it had timed out before, that stays', async () => {
    const hung = new Hung();
    const scene = new PolicyScene({ timeoutMs: 700, giveUpAfterMs: 6_000 }, hung.work);
    await scene.set();
    await scene.until(11_000);
    expect(scene.outcomes(0)).toEqual(['timed_out']);
    expect(eventsOf(scene, 'given_up')).toEqual([
      { type: 'given_up', task: 'settle', tick: hung.contexts[0]?.tick, attempt: 1, giveUpAfterMs: 6_000 },
    ]);
    expect(inFlight(scene)).toMatchObject([{ state: 'given_up' }]);
    expect(scene.story()).toEqual(['0', '2']);
  });

  it('runs again on its own instance, beside what hangs, where no other lives', async () => {
    const hung = new Hung();
    const scene = new PolicyScene({ giveUpAfterMs: 6_000 }, hung.work);
    await scene.set(1);
    await scene.until(11_000);
    expect(scene.story()).toEqual(['0', '2']);
    expect(scene.starts[1]?.instanceId).toBe(scene.starts[0]?.instanceId);
    expect(inFlight(scene)).toHaveLength(1);
  });

  it('is not run beside for ever: with ten of them an instance leaves the task alone', async () => {
    const hung = new Hung(100);
    const scene = new PolicyScene({ giveUpAfterMs: 1_000 }, hung.work);
    await scene.set(1);
    await scene.until(24 * PERIOD_MS + 1_000);
    expect(hung.contexts).toHaveLength(10);
    expect(scene.outcomes(24)).toEqual(['overlap']);
    hung.end(3);
    await scene.until(26 * PERIOD_MS);
    expect(hung.contexts).toHaveLength(11);
  });

  it('lets go of the tick that was buffered behind it', async () => {
    const hung = new Hung();
    const scene = new PolicyScene({ giveUpAfterMs: 6_000, overlap: 'buffer_one' }, hung.work);
    await scene.set();
    await scene.until(16_000);
    expect(scene.outcomes(1)).toContain('overlap');
    expect(scene.story()).toEqual(['0', '2', '3']);
  });

  it('lets the ticks that stood in line be made up for elsewhere, where all are', async () => {
    const hung = new Hung();
    const scene = new PolicyScene({ giveUpAfterMs: 6_000, overlap: 'buffer_one', misfire: 'all' }, hung.work);
    await scene.set();
    await scene.until(21_000);
    expect(scene.story()).toEqual(['0', '1', '2', '3', '4']);
  });

  it('that was cancelled, and did not hear it, is given up all the same', async () => {
    const hung = new Hung();
    const scene = new PolicyScene({ giveUpAfterMs: 6_000, overlap: 'cancel_other' }, hung.work);
    await scene.set();
    await scene.until(11_000);
    expect(hung.contexts[0]?.signal.reason).toMatchObject({ code: 'DSCHED_CANCELLED' });
    expect(scene.outcomes(0)).toEqual(['given_up']);
    expect(scene.story()).toEqual(['0', '2']);
  });

  it('gives up its own lock only, where runs may overlap', async () => {
    const hung = new Hung();
    const scene = new PolicyScene({ giveUpAfterMs: 6_000, overlap: 'allow' }, hung.work);
    await scene.set();
    await scene.until(11_000);
    expect(scene.story()).toEqual(['0', '1', '2']);
    expect(scene.outcomes(0)).toEqual(['given_up']);
  });

  it('does not hold up the shutdown of its instance', async () => {
    const hung = new Hung();
    const scene = new PolicyScene({ giveUpAfterMs: 6_000 }, hung.work);
    await scene.set(1);
    await scene.until(9_700);
    const { scheduler } = scene.cluster.members[0] ?? {};
    let isStopped = false;
    void scheduler?.stop().then(() => {
      isStopped = true;
    });
    await scene.until(9_800);
    expect(isStopped).toBe(true);
    expect(scheduler?.status().runs).toMatchObject([{ state: 'given_up' }]);
  });

  it('does not hold it up either while its lease lasts, and its lock stands until then', async () => {
    const hung = new Hung();
    // The next tick comes 800 ms after it was given up.
    const scene = new PolicyScene({ giveUpAfterMs: 4_200 }, hung.work);
    await scene.set();
    await scene.until(4_300);
    const holder = scene.cluster.members.find(({ id }) => id === scene.starts[0]?.instanceId);
    let isStopped = false;
    void holder?.scheduler.stop().then(() => {
      isStopped = true;
    });
    await scene.until(4_400);
    expect(isStopped).toBe(true);
    expect(hung.contexts[0]?.remainingMs()).toBe(0);
    await scene.until(5_900);
    expect(scene.story()).toEqual(['0']);
    await scene.until(11_000);
    expect(scene.story()).toEqual(['0', '2']);
  });
});
