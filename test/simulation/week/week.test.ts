/** A day and a half of the week that `npm run simulate:week` simulates: the one on which clocks go back. */

import { describe, expect, it } from 'vitest';
import { SEED } from '../../support/seed.js';
import { judgeWeek } from './verdict.js';
import { drawWeek } from './week-plan.js';
import { runWeek } from './week-world.js';

const [INSTANCES, SERVERS] = [5, 3];

describe(`cron ticks of random expressions (SEED=${SEED})`, () => {
  it('run exactly once each on five instances with faults, at the instants of the reference parser', async () => {
    const plan = drawWeek({ seed: SEED, tasks: 60, days: 1.5, instances: INSTANCES, servers: SERVERS });
    const result = await runWeek(plan, INSTANCES, SERVERS, true);
    const { due, ...wrong } = judgeWeek(result);
    expect({ ...wrong, errors: result.violations }).toEqual({ missing: [], extra: [], errors: [] });
    expect(due).toBeGreaterThan(200);
    expect(plan.faults.length).toBeGreaterThan(20);
  }, 240_000);

  it('are found missing and extra when they are read in another zone than that of the reference', async () => {
    const plan = drawWeek({ seed: SEED, tasks: 5, days: 0.5, instances: INSTANCES, servers: SERVERS });
    const shifted = plan.tasks.map((task) => ({ ...task, timeZone: 'Asia/Kolkata' }));
    const result = await runWeek({ ...plan, tasks: shifted }, INSTANCES, SERVERS, true);
    const { missing, extra } = judgeWeek({ ...result, plan });
    expect(missing.length + extra.length).toBeGreaterThan(0);
  }, 60_000);
});
