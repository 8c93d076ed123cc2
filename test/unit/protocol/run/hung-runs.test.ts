/** Handlers that do not return: what is told of them and when, and what becomes of the ticks behind them. */

import { describe, expect, it } from 'vitest';
import { eventsOf, Hung, inFlight, stuck } from './hung-runs-stage.js';
import { PERIOD_MS, PolicyStage } from './policy-stage.js';

describe('a run in flight', () => {
  it('is in the status of its task, with its start, instance, attempt and token', async () => {
    const hung = new Hung();
    const stage = new PolicyStage({}, hung.work);
    await stage.set();
    await stage.until(1_000);
    const [context] = hung.contexts;
    const [start] = stage.starts;
    expect(inFlight(stage)).toEqual([
      {
        task: 'settle',
        tick: context?.tick,
        attempt: 1,
        fencingToken: context?.fencingToken,
        claimId: context?.claimId,
        instanceId: start?.instanceId,
        startedMs: expect.closeTo(context?.tick ?? 0, 0),
        state: 'running',
        isStuck: false,
      },
    ]);
    hung.end(0);
    await stage.until(1_001);
    expect(inFlight(stage)).toEqual([]);
  });
});

describe('a run that takes longer than timeoutMs', () => {
  it('is told when that happens, and not when its handler returns', async () => {
    const hung = new Hung();
    const stage = new PolicyStage({ timeoutMs: 700 }, hung.work);
    await stage.set();
    await stage.until(750);
    expect(stage.outcomes(0)).toEqual(['timed_out']);
    expect(eventsOf(stage, 'timed_out')).toMatchObject([
      { attempt: 1, timeoutMs: 700, mayBeRepeated: false },
    ]);
    expect(inFlight(stage)).toMatchObject([{ state: 'timed_out' }]);
    hung.end(0, new Error('at last'));
    await stage.until(900);
    expect(stage.outcomes(0)).toEqual(['timed_out']);
    expect(eventsOf(stage, 'late_end')).toMatchObject([
      { outcome: 'timed_out', hasThrown: true, error: new Error('at last') },
    ]);
  });

  it('has no verdict before its handler returns where another instance may take it up again', async () => {
    const hung = new Hung();
    const stage = new PolicyStage({ timeoutMs: 700, recovery: 'retake' }, hung.work);
    await stage.set();
    await stage.until(750);
    expect(eventsOf(stage, 'timed_out')).toMatchObject([{ attempt: 1, mayBeRepeated: true }]);
    expect(stage.outcomes(0)).toEqual([]);
    stage.kill(stage.starts[0]?.instanceId ?? '');
    await stage.until(2 * PERIOD_MS);
    expect(stage.story().slice(0, 2)).toEqual(['0', '0 again']);
    expect(stage.outcomes(0)).toEqual(['success']);
  });

  it('ends its tick when its handler returns, also where it may be taken up again', async () => {
    const hung = new Hung();
    const stage = new PolicyStage({ timeoutMs: 700, recovery: 'retake' }, hung.work);
    await stage.set();
    await stage.until(2_000);
    hung.end(0);
    await stage.until(2_100);
    expect(stage.outcomes(0)).toEqual(['timed_out']);
    await stage.until(2 * PERIOD_MS + 100);
    expect(stage.story()).toEqual(['0', '1', '2']);
  });

  it('is told at once also where another attempt follows, and ends the tick when that has ended', async () => {
    const hung = new Hung();
    const retry = { attempts: 2, baseMs: 100, capMs: 100, jitter: 0, deadlineMs: 4_000 };
    const stage = new PolicyStage({ timeoutMs: 700, retry }, hung.work);
    await stage.set();
    await stage.until(750);
    expect(eventsOf(stage, 'timed_out')).toMatchObject([{ attempt: 1, mayBeRepeated: true }]);
    expect(stage.outcomes(0)).toEqual([]);
    hung.end(0);
    await stage.until(780);
    expect(inFlight(stage)).toMatchObject([{ attempt: 1, state: 'waiting' }]);
    await stage.until(1_500);
    expect(inFlight(stage)).toEqual([]);
    expect(stage.story()).toEqual(['0', '0 again']);
    expect(stage.outcomes(0)).toEqual(['success']);
  });
});

describe('a run that does not end', () => {
  it('is told as stuck after a minute, again and again with growing pauses, and counted once', async () => {
    const hung = new Hung();
    const stage = new PolicyStage({}, hung.work);
    await stage.set();
    await stage.until(59_000);
    expect(stuck(stage)).toEqual([]);
    await stage.until(61_500);
    expect(stuck(stage)).toMatchObject([
      { task: 'settle', outcome: 'stuck', cause: 'runs_on', certain: true, ticks: 1, run: { attempt: 1 } },
    ]);
    await stage.until(61_500 + 60_000 + 120_000 + 240_000);
    expect(stuck(stage)).toHaveLength(4);
    const counts = stage.cluster.members.map(({ scheduler }) => scheduler.status().audit.stuck);
    expect([...counts].sort()).toEqual([0, 0, 1]);
    expect(inFlight(stage)).toMatchObject([{ isStuck: true }]);
  });

  it('is told as stuck after three ticks where those take longer than a minute', async () => {
    const hung = new Hung();
    const stage = new PolicyStage({}, hung.work, 30_000);
    await stage.set();
    await stage.until(88_000);
    expect(stuck(stage)).toEqual([]);
    await stage.until(92_000);
    expect(stuck(stage)).toHaveLength(1);
  });

  it('is told as stuck a grace after its timeoutMs', async () => {
    const hung = new Hung();
    const stage = new PolicyStage({ timeoutMs: 700 }, hung.work);
    await stage.set();
    await stage.until(10_500);
    expect(stuck(stage)).toEqual([]);
    await stage.until(12_500);
    expect(stuck(stage)).toMatchObject([{ cause: 'deaf' }]);
  });

  it('keeps its lock for ever without giveUpAfterMs', async () => {
    const hung = new Hung();
    const stage = new PolicyStage({ timeoutMs: 700 }, hung.work);
    await stage.set();
    await stage.until(30_000);
    expect(stage.story()).toEqual(['0']);
  });
});
