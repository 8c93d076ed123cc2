import { describe, expect, it } from 'vitest';
import type { TaskPolicies } from '#src/protocol/contract/task-policies.js';
import { resolveTaskPolicies } from '#src/tasks/task-policies.resolver.js';
import { isRefused, nameOf, type PolicyRow, ROWS } from './policy-rows.js';
import { PolicyStage, type Start, workFor } from './policy-stage.js';

/** Which ticks start, in order, when the run of tick 0 takes until 12 s: ticks 1 and 2 come due meanwhile, tick 3 afterwards. */
const LONG_RUN: Readonly<Record<TaskPolicies['overlap'], readonly string[]>> = {
  skip: ['0', '3'],
  buffer_one: ['0', '1', '3'],
  cancel_other: ['0', '1', '2', '3'],
  allow: ['0', '1', '2', '3'],
};

/** Which ticks start when all instances are away from tick 1 to tick 3, and a new one comes between 3 and 4. */
const ALL_AWAY: Readonly<Record<TaskPolicies['misfire'], readonly string[]>> = {
  skip: ['0', '4'],
  latest: ['0', '3', '4'],
  all: ['0', '1', '2', '3', '4'],
};

/** Which ticks start when the instance that runs tick 0 dies. */
const WINNER_DIES: Readonly<Record<TaskPolicies['recovery'], readonly string[]>> = {
  lose: ['0', '1'],
  retake: ['0', '0 again', '1'],
};

async function longRun(row: PolicyRow): Promise<PolicyStage> {
  const stage: PolicyStage = new PolicyStage(row, (context, { tick }: Start) =>
    workFor(() => stage, tick === 0 ? 12_000 : 10)(context),
  );
  await stage.set();
  await stage.until(18_000);
  return stage;
}

async function allAway(row: PolicyRow): Promise<PolicyStage> {
  const stage = new PolicyStage(row, () => undefined);
  await stage.set();
  await stage.until(2_500);
  await stage.stopAll();
  await stage.until(17_500);
  stage.join();
  await stage.until(22_000);
  return stage;
}

async function winnerDies(row: PolicyRow): Promise<PolicyStage> {
  const stage: PolicyStage = new PolicyStage(row, (context, { tick, attempt, instanceId }: Start) => {
    if (tick === 0 && attempt === 1) stage.kill(instanceId);
    return workFor(() => stage, 300)(context);
  });
  await stage.set();
  await stage.until(8_000);
  return stage;
}

describe('the policies of a task: overlap, misfire, recovery', () => {
  for (const row of ROWS.filter((row) => !isRefused(row))) {
    it(nameOf(row), async () => {
      expect((await longRun(row)).story()).toEqual(LONG_RUN[row.overlap]);
      expect((await allAway(row)).story()).toEqual(ALL_AWAY[row.misfire]);
      expect((await winnerDies(row)).story()).toEqual(WINNER_DIES[row.recovery]);
    });
  }

  for (const row of ROWS.filter(isRefused)) {
    it(nameOf(row), () => {
      expect(() => resolveTaskPolicies('settle', row)).toThrow(/DSCHED_BAD_OPTION: task 'settle'.*retake/);
    });
  }
});
