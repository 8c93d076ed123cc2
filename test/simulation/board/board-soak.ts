/**
 * Many simulated boards, for longer than a test run has time:
 *
 *     npm run simulate:board -- [--worlds 500] [--seed 1] [--until-violation]
 *
 * Ends with 1 when a world breaks a promise, after printing its plan.
 */

import { parseArgs } from 'node:util';
import { makeBoardPlan } from './board-plan.js';
import { runBoardPlan } from './board-run.js';

const { values } = parseArgs({
  options: {
    worlds: { type: 'string', default: '500' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 20)) },
    'until-violation': { type: 'boolean', default: false },
  },
});

const WORLDS_A_SEED = 10_000;
const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const seed = Number(values.seed);
for (let world = 0; world < Number(values.worlds); world += 1) {
  const plan = makeBoardPlan(seed * WORLDS_A_SEED + world);
  const [violation] = await runBoardPlan(plan);
  if (violation === undefined) continue;
  print(`violation in world ${world} of board, seed ${seed}: ${violation}`);
  if (!values['until-violation']) print(JSON.stringify(plan));
  process.exit(1);
}
print(`${values.worlds} worlds of boards, seed ${seed}: no promise was broken`);
