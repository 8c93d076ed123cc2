import { describe, expect, it } from 'vitest';
import type { DueTick } from '#src/protocol/contract/due-tick.js';
import { DEFAULT_POLICIES, type TaskPolicies } from '#src/protocol/contract/task-policies.js';
import { Lease } from '#src/protocol/lease/lease.js';
import { RunChain } from '#src/protocol/run/run-chain.js';
import { readClocks } from '#src/protocol/time/clock-reading.js';
import { ManualClock } from '#src/testing/manual-clock.js';
import { taskOf } from '../../../support/tasks.js';

const PERIOD_MS = 1_000;
const T = 1_000_000;

function runOf(
  policies: Partial<TaskPolicies>,
  given: Partial<DueTick> = {},
): { run: RunChain; lease: Lease } {
  const clock = new ManualClock();
  const task = taskOf(() => undefined, { policies: { ...DEFAULT_POLICIES, ...policies } });
  const terms = { ttlMs: 3_000, driftFactor: 0.01 };
  const lease = new Lease({ task: task.name, value: 'v' }, T, clock, terms, readClocks(clock));
  return {
    run: new RunChain(task, lease, {
      due: { task, tick: T, maxLatenessMs: 400, ...given },
      claimId: 'claim',
    }),
    lease,
  };
}

function later(run: RunChain, periods: number): DueTick {
  return { task: run.task, tick: T + periods * PERIOD_MS, maxLatenessMs: 400 };
}

describe('a run, towards ticks that come due meanwhile', () => {
  it('takes none on once nothing is left that would start them', () => {
    const { run } = runOf({ overlap: 'buffer_one' });
    expect(run.comesDue(later(run, 1)).handed).toBe('waits');
    run.nothingLeft();
    expect(run.comesDue(later(run, 1)).handed).toBe('contest');
  });

  it('takes none on when its lease is lost', () => {
    const { run, lease } = runOf({ overlap: 'buffer_one' });
    lease.lose('test');
    expect(run.comesDue(later(run, 1)).handed).toBe('contest');
  });

  it('gives those back that have waited for too long while a handler ignores that it is cancelled', () => {
    const { run } = runOf({ overlap: 'cancel_other' });
    expect(run.takeOn(later(run, 1))).toEqual([]);
    expect(run.takeOn(later(run, 2))).toMatchObject([{ due: later(run, 1), ending: { outcome: 'overlap' } }]);
    expect(run.leaveBehind(false)).toMatchObject([{ due: later(run, 2) }]);
  });

  it('tells of a tick that another one, which waits already, leaves no room for', () => {
    const { run } = runOf({ overlap: 'buffer_one' });
    run.comesDue(later(run, 1));
    expect(run.comesDue(later(run, 2))).toMatchObject({
      handed: 'refused',
      ended: [{ due: later(run, 2), ending: { detail: 'another tick is buffered already' } }],
    });
  });

  it('says why nothing started that waited', () => {
    const ends = (end: (run: RunChain, lease: Lease) => void, isStopping = false): unknown => {
      const { run, lease } = runOf({ overlap: 'buffer_one', recovery: 'retake' });
      run.takeOn(later(run, 1));
      end(run, lease);
      return run.leaveBehind(isStopping)[0]?.ending.detail;
    };
    expect(ends((_, lease) => lease.lose('test'))).toContain('lost its lease');
    expect(ends((run) => run.giveUp(new AbortController().signal))).toContain('was given up');
    expect(ends((run) => run.ended('aborted', T))).toContain('is to be made again');
    expect(ends(() => undefined, true)).toContain('starts nothing any more');
  });
});

describe('a run that has ended', () => {
  it('starts the tick that has waited for its end however late it is, but not one that came after its end', () => {
    const { run } = runOf({ overlap: 'buffer_one' });
    const endedMs = T + 5 * PERIOD_MS;
    run.takeOn(later(run, 1));
    run.ended('success', endedMs);
    expect(run.choose(endedMs).start).toMatchObject({ tick: T + PERIOD_MS, because: 'buffered' });
    run.takeOn(later(run, 6));
    const { start, ended } = run.choose(endedMs + 3 * PERIOD_MS);
    expect(start).toBeUndefined();
    expect(ended).toMatchObject([{ due: later(run, 6), ending: { outcome: 'overlap' } }]);
  });

  it('starts what stands in line in its order, as long as the bound of misfire allows', () => {
    const policies = { misfire: 'all', misfireWithinMs: 5_000, overlap: 'buffer_one' } as const;
    const { run } = runOf(policies, { because: 'missed' });
    for (const periods of [1, 2, 3]) run.takeOn(later(run, periods));
    run.ended('success', T + PERIOD_MS);
    const { start, ended } = run.choose(T + 2 * PERIOD_MS + 5_000);
    expect(start).toMatchObject({ tick: T + 2 * PERIOD_MS, because: 'missed', maxLatenessMs: 5_000 });
    expect(ended).toMatchObject([{ due: later(run, 1) }]);
  });

  it.each(['missed', 'retake'] as const)(
    'starts everything that came due meanwhile after a tick that is made up for: %s',
    (because) => {
      const { run } = runOf({ misfire: 'all', misfireWithinMs: 60_000 }, { because });
      expect(run.comesDue(later(run, 1)).handed).toBe('waits');
      expect(run.comesDue(later(run, 2)).handed).toBe('waits');
      run.ended('success', T);
      expect(run.choose(T + 5 * PERIOD_MS).start).toMatchObject({ tick: T + PERIOD_MS, because: 'missed' });
    },
  );

  it('ends what is older than the tick that begins', () => {
    const { run } = runOf({ misfire: 'all' }, { because: 'missed' });
    for (const periods of [1, 2, 3]) run.takeOn(later(run, periods));
    const ended = run.begin({ due: later(run, 3), claimId: 'next' });
    expect(ended).toMatchObject([{ due: later(run, 1) }, { due: later(run, 2) }]);
    expect(run.leaveBehind(false)).toEqual([]);
  });

  it('ends a tick that was refused once', () => {
    const { run } = runOf({ misfire: 'all' }, { because: 'missed' });
    const refusal = { outcome: 'taken' } as const;
    run.takeOn(later(run, 1));
    run.ended('success', T);
    const { start } = run.choose(T + PERIOD_MS);
    expect(start).toEqual(later(run, 1));
    expect(run.refused(start ?? later(run, 9), refusal)).toMatchObject([{ due: { tick: T + PERIOD_MS } }]);
    expect(run.refused(start ?? later(run, 9), refusal)).toEqual([]);
    expect(run.leaveBehind(false)).toEqual([]);
  });

  it('says nothing of a missed tick that is refused and never waited here', () => {
    const { run } = runOf({ misfire: 'all' }, { because: 'missed' });
    run.ended('success', T);
    expect(run.refused(later(run, 1), { outcome: 'taken' })).toEqual([]);
  });

  it('starts nothing after an abort: what has to be made again comes first', () => {
    const { run } = runOf({ overlap: 'buffer_one' });
    run.takeOn(later(run, 1));
    run.ended('aborted', T + PERIOD_MS);
    expect(run.startsMore).toBe(false);
    expect(run.choose(T + PERIOD_MS)).toEqual({ start: undefined, ended: [] });
  });
});

describe('cancel_other', () => {
  it('reaches an attempt that begins after the later tick has come', () => {
    const { run } = runOf({ overlap: 'cancel_other' });
    run.timeHasCome(T + PERIOD_MS);
    const reasons: Error[] = [];
    run.onCancel((reason) => reasons.push(reason));
    expect(reasons.map(({ message }) => message)).toEqual([
      expect.stringContaining(`tick ${T} is cancelled by tick ${T + PERIOD_MS}`),
    ]);
    expect(run.isCancelled).toBe(true);
  });

  it('does not cancel the tick itself that has cancelled the one before', () => {
    const { run } = runOf({ overlap: 'cancel_other' });
    run.timeHasCome(T + PERIOD_MS);
    run.begin({ due: later(run, 1), claimId: 'claim' });
    expect(run.isCancelled).toBe(false);
  });

  it('leaves a run alone that makes up for what was missed: with `all` later ticks stand in line', () => {
    const { run } = runOf({ overlap: 'cancel_other', misfire: 'all' }, { because: 'missed' });
    run.onCancel(() => expect.unreachable('cancelled'));
    run.timeHasCome(T + PERIOD_MS);
    expect(run.isCancelled).toBe(false);
  });
});
