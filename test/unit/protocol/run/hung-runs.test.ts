/** Handlers that do not return: what is told of them and when, and what becomes of the ticks behind them. */

import { describe, expect, it } from 'vitest';
import type { AuditFinding } from '#src/protocol/contract/audit-finding.js';
import type { ScheduleEvent } from '#src/protocol/contract/observer.js';
import type { RunInFlight } from '#src/protocol/contract/run-in-flight.js';
import type { TickContext } from '#src/protocol/contract/tick-context.js';
import { PERIOD_MS, PolicyScene } from './policy-scene.js';

/** Those of tick 0, which go on until the test ends them. */
class Hung {
  readonly contexts: TickContext[] = [];
  private readonly ends: ((error?: Error) => void)[] = [];

  /** The first so many runs hang. */
  constructor(private readonly count = 1) {}

  readonly work = (context: TickContext): unknown => {
    if (this.contexts.length >= this.count) return undefined;
    this.contexts.push(context);
    return new Promise<void>((resolve, reject) => {
      this.ends.push((error) => (error === undefined ? resolve() : reject(error)));
    });
  };

  end(index: number, error?: Error): void {
    this.ends[index]?.(error);
  }
}

function eventsOf<T extends ScheduleEvent['type']>(
  scene: PolicyScene,
  type: T,
): readonly Extract<ScheduleEvent, { type: T }>[] {
  return scene.cluster.members
    .flatMap(({ events }) => events)
    .filter((event): event is Extract<ScheduleEvent, { type: T }> => event.type === type);
}

function stuck(scene: PolicyScene): readonly AuditFinding[] {
  return eventsOf(scene, 'audit').flatMap(({ finding }) => (finding.outcome === 'stuck' ? [finding] : []));
}

function inFlight(scene: PolicyScene): readonly RunInFlight[] {
  return scene.cluster.members.flatMap(({ scheduler }) =>
    scheduler.status().tasks.flatMap(({ runs }) => runs),
  );
}

describe('a run in flight', () => {
  it('is in the status of its task, with its start, instance, attempt and token', async () => {
    const hung = new Hung();
    const scene = new PolicyScene({}, hung.work);
    await scene.set();
    await scene.until(1_000);
    const [context] = hung.contexts;
    const [start] = scene.starts;
    expect(inFlight(scene)).toEqual([
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
    await scene.until(1_001);
    expect(inFlight(scene)).toEqual([]);
  });
});

describe('a run that takes longer than timeoutMs', () => {
  it('is told when that happens, and not when its handler returns', async () => {
    const hung = new Hung();
    const scene = new PolicyScene({ timeoutMs: 700 }, hung.work);
    await scene.set();
    await scene.until(750);
    expect(scene.outcomes(0)).toEqual(['timed_out']);
    expect(eventsOf(scene, 'timed_out')).toMatchObject([
      { attempt: 1, timeoutMs: 700, mayBeRepeated: false },
    ]);
    expect(inFlight(scene)).toMatchObject([{ state: 'timed_out' }]);
    hung.end(0, new Error('at last'));
    await scene.until(900);
    expect(scene.outcomes(0)).toEqual(['timed_out']);
    expect(eventsOf(scene, 'late_end')).toMatchObject([
      { outcome: 'timed_out', hasThrown: true, error: new Error('at last') },
    ]);
  });

  it('has no verdict before its handler returns where another instance may take it up again', async () => {
    const hung = new Hung();
    const scene = new PolicyScene({ timeoutMs: 700, recovery: 'retake' }, hung.work);
    await scene.set();
    await scene.until(750);
    expect(eventsOf(scene, 'timed_out')).toMatchObject([{ attempt: 1, mayBeRepeated: true }]);
    expect(scene.outcomes(0)).toEqual([]);
    scene.kill(scene.starts[0]?.instanceId ?? '');
    await scene.until(2 * PERIOD_MS);
    expect(scene.story().slice(0, 2)).toEqual(['0', '0 again']);
    expect(scene.outcomes(0)).toEqual(['success']);
  });

  it('ends its tick when its handler returns, also where it may be taken up again', async () => {
    const hung = new Hung();
    const scene = new PolicyScene({ timeoutMs: 700, recovery: 'retake' }, hung.work);
    await scene.set();
    await scene.until(2_000);
    hung.end(0);
    await scene.until(2_100);
    expect(scene.outcomes(0)).toEqual(['timed_out']);
    await scene.until(2 * PERIOD_MS + 100);
    expect(scene.story()).toEqual(['0', '1', '2']);
  });

  it('is told at once also where another attempt follows, and ends the tick when that has ended', async () => {
    const hung = new Hung();
    const retry = { attempts: 2, baseMs: 100, capMs: 100, jitter: 0, deadlineMs: 4_000 };
    const scene = new PolicyScene({ timeoutMs: 700, retry }, hung.work);
    await scene.set();
    await scene.until(750);
    expect(eventsOf(scene, 'timed_out')).toMatchObject([{ attempt: 1, mayBeRepeated: true }]);
    expect(scene.outcomes(0)).toEqual([]);
    hung.end(0);
    await scene.until(780);
    expect(inFlight(scene)).toMatchObject([{ attempt: 1, state: 'waiting' }]);
    await scene.until(1_500);
    expect(inFlight(scene)).toEqual([]);
    expect(scene.story()).toEqual(['0', '0 again']);
    expect(scene.outcomes(0)).toEqual(['success']);
  });
});

describe('a run that does not end', () => {
  it('is told as stuck after a minute, again and again with growing pauses, and counted once', async () => {
    const hung = new Hung();
    const scene = new PolicyScene({}, hung.work);
    await scene.set();
    await scene.until(59_000);
    expect(stuck(scene)).toEqual([]);
    await scene.until(61_500);
    expect(stuck(scene)).toMatchObject([
      { task: 'settle', outcome: 'stuck', cause: 'runs_on', certain: true, ticks: 1, run: { attempt: 1 } },
    ]);
    await scene.until(61_500 + 60_000 + 120_000 + 240_000);
    expect(stuck(scene)).toHaveLength(4);
    const counts = scene.cluster.members.map(({ scheduler }) => scheduler.status().audit.stuck);
    expect([...counts].sort()).toEqual([0, 0, 1]);
    expect(inFlight(scene)).toMatchObject([{ isStuck: true }]);
  });

  it('is told as stuck after three ticks where those take longer than a minute', async () => {
    const hung = new Hung();
    const scene = new PolicyScene({}, hung.work, 30_000);
    await scene.set();
    await scene.until(88_000);
    expect(stuck(scene)).toEqual([]);
    await scene.until(92_000);
    expect(stuck(scene)).toHaveLength(1);
  });

  it('is told as stuck a grace after its timeoutMs', async () => {
    const hung = new Hung();
    const scene = new PolicyScene({ timeoutMs: 700 }, hung.work);
    await scene.set();
    await scene.until(10_500);
    expect(stuck(scene)).toEqual([]);
    await scene.until(12_500);
    expect(stuck(scene)).toMatchObject([{ cause: 'deaf' }]);
  });

  it('keeps its lock for ever without giveUpAfterMs', async () => {
    const hung = new Hung();
    const scene = new PolicyScene({ timeoutMs: 700 }, hung.work);
    await scene.set();
    await scene.until(30_000);
    expect(scene.story()).toEqual(['0']);
  });
});

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
