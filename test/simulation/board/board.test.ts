/** Boards through days of mishaps. `SEED=… npx vitest run --project unit test/simulation/board` repeats a run; more: `npm run simulate:board`. */

import { expect, it } from 'vitest';
import { SEED } from '../../support/seed.js';
import { makeBoardPlan } from './board-plan.js';
import { runBoardPlan } from './board-run.js';

const WORLDS = 8;
const WITHIN_MS = 120_000;

it(
  `boards forget what was deleted and keep what was decided, whoever was away, suspended or full (SEED=${SEED})`,
  async () => {
    for (let world = 0; world < WORLDS; world += 1) {
      const plan = makeBoardPlan(SEED * WORLDS + world);
      expect(await runBoardPlan(plan), JSON.stringify(plan)).toEqual([]);
    }
  },
  WITHIN_MS,
);
