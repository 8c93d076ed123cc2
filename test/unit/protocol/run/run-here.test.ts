import { describe, expect, it } from 'vitest';
import type { DueTick } from '#src/protocol/contract/due-tick.js';
import { DEFAULT_POLICIES, type TaskPolicies } from '#src/protocol/contract/task-policies.js';
import { Lease } from '#src/protocol/lease/lease.js';
import { RunHere } from '#src/protocol/run/run-here.js';
import { readInstant } from '#src/protocol/time/instant.js';
import { ManualClock } from '#src/testing/manual-clock.js';
import { taskOf } from '../../../support/tasks.js';

const PERIOD_MS = 1_000;
const T = 1_000_000;

function runOf(
  policies: Partial<TaskPolicies>,
  given: Partial<DueTick> = {},
): { run: RunHere; lease: Lease } {
  const clock = new ManualClock();
  const task = taskOf(() => undefined, { policies: { ...DEFAULT_POLICIES, ...policies } });
  const terms = { ttlMs: 3_000, driftFactor: 0.01 };
  const lease = new Lease({ task: task.name, value: 'v' }, T, clock, terms, readInstant(clock));
  return { run: new RunHere(task, lease, { task, tick: T, maxLatenessMs: 400, ...given }), lease };
}

function later(run: RunHere, periods: number): DueTick {
  return { task: run.task, tick: T + periods * PERIOD_MS, maxLatenessMs: 400 };
}

describe('a run, towards ticks that come due meanwhile', () => {
  it('takes none on once nothing is left that would start them', () => {
    const { run } = runOf({ overlap: 'buffer_one' });
    expect(run.adoptionOf(later(run, 1))).toBe('adopted');
    run.end();
    expect(run.adoptionOf(later(run, 1))).toBe('contested');
  });

  it('takes none on when its lease is lost', () => {
    const { run, lease } = runOf({ overlap: 'buffer_one' });
    lease.lose('test');
    expect(run.adoptionOf(later(run, 1))).toBe('contested');
  });

  it('gives those back that have waited for too long while a handler ignores that it is cancelled', () => {
    const { run } = runOf({ overlap: 'cancel_other' });
    expect(run.wait(later(run, 1))).toEqual([]);
    expect(run.wait(later(run, 2))).toEqual([later(run, 1)]);
    expect(run.leftOver()).toEqual([later(run, 2)]);
  });

  it('starts the one that has waited for its end however late it is, but not one that came after its end', () => {
    const { run } = runOf({ overlap: 'buffer_one' });
    const endedMs = T + 5 * PERIOD_MS;
    run.wait(later(run, 1));
    expect(run.next(endedMs).start).toMatchObject({ tick: T + PERIOD_MS, because: 'buffered' });
    run.wait(later(run, 6));
    expect(run.next(endedMs + 3 * PERIOD_MS)).toEqual({ start: undefined, dropped: [later(run, 6)] });
  });

  it('starts what stands in line in its order, as long as the bound of misfire allows', () => {
    const policies = { misfire: 'all', misfireWithinMs: 5_000, overlap: 'buffer_one' } as const;
    const { run } = runOf(policies, { because: 'missed' });
    for (const periods of [1, 2, 3]) run.wait(later(run, periods));
    const { start, dropped } = run.next(T + 2 * PERIOD_MS + 5_000);
    expect(start).toMatchObject({ tick: T + 2 * PERIOD_MS, because: 'missed', maxLatenessMs: 5_000 });
    expect(dropped).toEqual([later(run, 1)]);
  });

  it('gives those up that are older than one that was claimed', () => {
    const { run } = runOf({ misfire: 'all' }, { because: 'missed' });
    for (const periods of [1, 2, 3]) run.wait(later(run, periods));
    expect(run.dropBefore(later(run, 3))).toEqual([later(run, 1), later(run, 2)]);
    expect(run.leftOver()).toEqual([later(run, 3)]);
  });

  it('forgets a tick that was refused, so that it has one end only', () => {
    const { run } = runOf({ misfire: 'all' }, { because: 'missed' });
    run.wait(later(run, 1));
    expect(run.drop(later(run, 1))).toBe(true);
    expect(run.drop(later(run, 1))).toBe(false);
    expect(run.leftOver()).toEqual([]);
  });
});

describe('cancel_other', () => {
  it('reaches an attempt that begins after the later tick has come', () => {
    const { run } = runOf({ overlap: 'cancel_other' });
    run.cancelBefore(T + PERIOD_MS);
    const reasons: Error[] = [];
    run.setAbort((reason) => reasons.push(reason));
    expect(reasons.map(({ message }) => message)).toEqual([
      expect.stringContaining(`tick ${T} is cancelled by tick ${T + PERIOD_MS}`),
    ]);
    expect(run.isCancelled).toBe(true);
  });

  it('does not cancel the tick itself that has cancelled the one before', () => {
    const { run } = runOf({ overlap: 'cancel_other' });
    run.cancelBefore(T + PERIOD_MS);
    run.begin(later(run, 1), 'claim');
    expect(run.isCancelled).toBe(false);
  });

  it('leaves a run alone that makes up for what was missed: with `all` later ticks stand in line', () => {
    const { run } = runOf({ overlap: 'cancel_other', misfire: 'all' }, { because: 'missed' });
    run.setAbort(() => expect.unreachable('cancelled'));
    run.cancelBefore(T + PERIOD_MS);
    expect(run.isCancelled).toBe(false);
  });
});
