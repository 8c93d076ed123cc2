import { describe, expect, it } from 'vitest';
import type { PruneRequest } from '#src/protocol/contract/prunable-lines.js';
import { DEFAULT_POLICIES, type TaskPolicies } from '#src/protocol/contract/task-policies.js';
import type { ScheduledTask, TickContext } from '#src/protocol/contract/tick-context.js';
import { decidePeek } from '#src/protocol/ledger/peek-votes.js';
import { DEFAULT_PACE, Pruning } from '#src/protocol/ledger/pruning.js';
import { RunRegister } from '#src/protocol/run/run-register.js';
import { ManualClock } from '#src/testing/manual-clock.js';
import { taskOf } from '../../../support/tasks.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

interface Stage {
  readonly pruning: Pruning;
  readonly asked: PruneRequest[];
  readonly clock: ManualClock;
  readonly stopping: AbortController;
  readonly register: RunRegister;
}

/** @param slices so many answers say that there is more */
function stage(tasks: readonly ScheduledTask[] = [], slices = 0): Stage {
  const clock = new ManualClock();
  const asked: PruneRequest[] = [];
  const stopping = new AbortController();
  const register = new RunRegister();
  const pruning = new Pruning({
    instanceId: 'me',
    ledger: {
      prune: async (request) => {
        asked.push(request);
        return { pruned: 0, isUnfinished: asked.length <= slices };
      },
    },
    clock,
    clusterClock: { nowMs: () => clock.wallMs() },
    stopped: stopping.signal,
    tasks: () => tasks,
    register,
    options: { leaseTtlMs: 3_000 },
  });
  return { pruning, asked, clock, stopping, register };
}

function taskWith(policies: Partial<TaskPolicies>): ScheduledTask {
  return { ...taskOf(() => undefined), policies: { ...DEFAULT_POLICIES, ...policies } };
}

const windowOf = (...tasks: readonly ScheduledTask[]): number =>
  stage(tasks).pruning.windowMs() - 2 * DEFAULT_PACE.periodMs;

describe('the window that an instance tells the nodes', () => {
  it('is a day at least', () => {
    expect(windowOf()).toBe(DAY_MS);
    expect(windowOf(taskWith({ misfire: 'all', recovery: 'retake' }))).toBe(DAY_MS);
  });

  it('is the longest of what its tasks may still start', () => {
    const week = 7 * DAY_MS;
    expect(windowOf(taskWith({ misfire: 'latest', misfireWithinMs: week }))).toBe(week);
    expect(windowOf(taskWith({ recovery: 'retake', recoveryWithinMs: week }))).toBe(week);
    const retry = { attempts: 2, baseMs: 1, capMs: 1, jitter: 0, deadlineMs: week };
    expect(windowOf(taskWith({ retry }), taskWith({}))).toBe(week);
  });

  it('does not count what a policy that is off says', () => {
    expect(windowOf(taskWith({ misfireWithinMs: 9 * DAY_MS, recoveryWithinMs: 9 * DAY_MS }))).toBe(DAY_MS);
  });

  it('reaches back to the oldest run that goes on', () => {
    const { pruning, register, clock } = stage();
    register.begin({ task: 'bill', tick: clock.wallMs() - 3 * DAY_MS } as TickContext, 0);
    expect(pruning.windowMs()).toBe(3 * DAY_MS + 2 * DEFAULT_PACE.periodMs);
  });
});

describe('when an instance has lines forgotten', () => {
  it('asks once within two minutes, and then once an hour', async () => {
    const { pruning, asked, clock } = stage();
    expect(pruning.look()).toBeUndefined();
    clock.jump(120_000);
    await pruning.look();
    expect(asked).toHaveLength(1);
    clock.jump(HOUR_MS / 2);
    expect(pruning.look()).toBeUndefined();
    clock.jump(HOUR_MS / 2);
    await pruning.look();
    expect(asked).toHaveLength(2);
  });

  it('goes on while there is more, and no longer than the instance', async () => {
    const { pruning, asked, clock, stopping } = stage([], 100);
    clock.jump(120_000);
    const pass = pruning.look();
    while (asked.length < 3) await clock.advance(50);
    expect(pruning.look()).toBeUndefined();
    stopping.abort();
    await pass;
    expect(asked.length).toBeLessThan(10);
  });
});

describe('a peek at a task without a line', () => {
  const PRUNED = 900;

  it('says that nothing up to there can be won, and that what came after it was not', () => {
    const verdict = decidePeek(950, [
      { tick: 0, prunedUpTo: PRUNED },
      { tick: 0, prunedUpTo: 800 },
      { tick: 0 },
    ]);
    expect(verdict).toMatchObject({
      kind: 'open',
      newest: 0,
      prunedUpTo: PRUNED,
      forgottenUpTo: 800,
      highest: 0,
    });
    expect(verdict.highestPossible).toBe(PRUNED);
  });

  it('goes by those that still have the line', () => {
    const have = { tick: 700, claimId: 'a:1~' };
    expect(decidePeek(700, [{ tick: 0, prunedUpTo: PRUNED }, have, have])).toMatchObject({
      kind: 'taken',
      claimId: 'a:1~',
      newest: 700,
    });
  });
});
