import { describe, expect, it } from 'vitest';
import {
  MISFIRE_POLICIES,
  OVERLAP_POLICIES,
  RECOVERY_POLICIES,
  type TaskPolicies,
} from '../../../libs/distributed-schedule/src/protocol/task-policies.js';
import { PolicyScene, type Start, workFor } from './policy-scene.js';

type Row = Pick<TaskPolicies, 'overlap' | 'misfire' | 'recovery'>;

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

const ROWS: readonly Row[] = OVERLAP_POLICIES.flatMap((overlap) =>
  MISFIRE_POLICIES.flatMap((misfire) =>
    RECOVERY_POLICIES.map((recovery) => ({ overlap, misfire, recovery })),
  ),
);

function nameOf({ overlap, misfire, recovery }: Row): string {
  return `${overlap}, ${misfire}, ${recovery}`;
}

async function longRun(row: Row): Promise<PolicyScene> {
  const scene: PolicyScene = new PolicyScene(row, (context, { tick }: Start) =>
    workFor(() => scene, tick === 0 ? 12_000 : 10)(context),
  );
  await scene.set();
  await scene.until(18_000);
  return scene;
}

async function allAway(row: Row): Promise<PolicyScene> {
  const scene = new PolicyScene(row, () => undefined);
  await scene.set();
  await scene.until(2_500);
  await scene.stopAll();
  await scene.until(17_500);
  scene.join();
  await scene.until(22_000);
  return scene;
}

async function winnerDies(row: Row): Promise<PolicyScene> {
  const scene: PolicyScene = new PolicyScene(row, (context, { tick, attempt, instanceId }: Start) => {
    if (tick === 0 && attempt === 1) scene.kill(instanceId);
    return workFor(() => scene, 300)(context);
  });
  await scene.set();
  await scene.until(8_000);
  return scene;
}

describe('the policies of a task: overlap, misfire, recovery', () => {
  for (const row of ROWS.filter(({ overlap, recovery }) => overlap !== 'allow' || recovery !== 'retake')) {
    it(nameOf(row), async () => {
      expect((await longRun(row)).story()).toEqual(LONG_RUN[row.overlap]);
      expect((await allAway(row)).story()).toEqual(ALL_AWAY[row.misfire]);
      expect((await winnerDies(row)).story()).toEqual(WINNER_DIES[row.recovery]);
    });
  }
});
