import { expect, it } from 'vitest';
import { chiSquare, DEGREES_4, DEGREES_11 } from '../support/chi-square.js';
import { EPOCH_MS } from './world/machine.js';
import type { Plan } from './world/plan.js';
import { NORMAL, type Profile } from './world/profile.js';
import { runWorld } from './world/world.js';

/** Of everything random in these worlds. The ranks themselves have no seed: they are hashes of names. */
const SEED = 20_261;
const TASKS = 600;
const DURATION_MS = 6_500;
/** By then every instance knows every other one, and nodes have come out of quarantine. */
const SETTLED_TICK = EPOCH_MS + 5_000;
const WORLD_TIMEOUT_MS = 600_000;

const WORLD: Profile = {
  ...NORMAL,
  durationMs: DURATION_MS,
  healedAtMs: DURATION_MS,
  tasks: TASKS,
  handlers: ['short'],
  // A message that is lost or late moves a tick to the next in rank, which is not what is counted here.
  network: { ...NORMAL.network, slowShare: 0, lossShare: 0 },
};

/** Runs of the settled tick by instance, over all tasks. */
async function runsOfOneTick(profile: Profile, instances: number): Promise<readonly number[]> {
  const plan: Plan = {
    seed: SEED,
    servers: 3,
    instances,
    firstClockMs: 0,
    healedSkewMs: 0,
    leftDown: 0,
    faults: [],
  };
  const { violations, started } = await runWorld(plan, profile);
  expect(violations).toEqual([]);
  const counts = new Map<string, number>();
  for (const [run, instanceId] of started) {
    if (run.endsWith(` ${SETTLED_TICK}`)) counts.set(instanceId, (counts.get(instanceId) ?? 0) + 1);
  }
  const byInstance = Array.from({ length: instances }, (_, index) => counts.get(`i${index + 1}`) ?? 0);
  expect(byInstance.reduce((one, other) => one + other, 0)).toBe(TASKS);
  return byInstance;
}

it.each([
  { instances: 5, critical: DEGREES_4 },
  { instances: 12, critical: DEGREES_11 },
])(
  `spreads the runs of ${TASKS} tasks evenly over $instances instances: chi-square below $critical, the 0.1 % bound (seed ${SEED})`,
  async ({ instances, critical }) => {
    const runs = await runsOfOneTick(WORLD, instances);
    expect(
      chiSquare(
        runs,
        runs.map(() => 1),
      ),
    ).toBeLessThan(critical);
  },
  WORLD_TIMEOUT_MS,
);

it(
  `spreads the runs of ${TASKS} tasks over 5 instances, two of them with four times the weight, as 4:4:1:1:1 (seed ${SEED})`,
  async () => {
    const weighted: Profile = {
      ...WORLD,
      placement: { runOn: [], weight: { large: 4 } },
      labels: (index) => (index < 2 ? ['large'] : []),
    };
    const runs = await runsOfOneTick(weighted, 5);
    expect(chiSquare(runs, [4, 4, 1, 1, 1])).toBeLessThan(DEGREES_4);
  },
  WORLD_TIMEOUT_MS,
);

it(
  'runs every tick of tasks that ask for a label on the instances that have it',
  async () => {
    const picky: Profile = {
      ...WORLD,
      placement: { runOn: ['large'], weight: {} },
      labels: (index) => (index < 2 ? ['large'] : []),
    };
    const runs = await runsOfOneTick(picky, 5);
    expect(runs.slice(2)).toEqual([0, 0, 0]);
  },
  WORLD_TIMEOUT_MS,
);
