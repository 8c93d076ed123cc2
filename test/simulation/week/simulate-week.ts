/**
 * A week of cron ticks of 200 random expressions in 20 zones, clocks turned in both directions, on five instances with faults:
 *
 *     npm run simulate:week -- [--seed 1] [--tasks 200] [--days 7] [--every-second]
 *
 * Every tick of the reference parser must run exactly once, and nothing else. Time in which nothing is due and nothing breaks
 * is skipped, as busy-stretches.ts says; with `--every-second` every beat of the week is simulated.
 */

import { parseArgs } from 'node:util';
import { judgeWeek } from './verdict.js';
import { drawWeek } from './week-plan.js';
import { runWeek } from './week-world.js';

const INSTANCES = 5;
const SERVERS = 3;
const MAX_TOLD = 20;

const { values } = parseArgs({
  options: {
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    tasks: { type: 'string', default: '200' },
    days: { type: 'string', default: '7' },
    'every-second': { type: 'boolean', default: false },
  },
});
const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const seed = Number(values.seed);
const startMs = performance.now();
const size = {
  seed,
  tasks: Number(values.tasks),
  days: Number(values.days),
  instances: INSTANCES,
  servers: SERVERS,
};
const plan = drawWeek(size);
const drawnMs = performance.now();
print(
  `seed ${seed}: ${plan.tasks.length} expressions in ${new Set(plan.tasks.map(({ timeZone }) => timeZone)).size} zones, ` +
    `${plan.faults.length} faults, drawn and read by the reference parser in ${seconds(drawnMs - startMs)}`,
);
const result = await runWeek(plan, INSTANCES, SERVERS, !values['every-second']);
const { due, missing, extra } = judgeWeek(result);
print(
  `${values.days} days in ${seconds(performance.now() - drawnMs)}: ${due} ticks due, ${missing.length} not run, ` +
    `${extra.length} runs too many, ${result.violations.length} errors inside`,
);
print([...result.counters].map(([what, count]) => `${what} ${count}`).join(', '));
for (const line of missing.slice(0, MAX_TOLD)) print(`not run: ${line}`);
for (const line of extra.slice(0, MAX_TOLD)) print(`run too often: ${line}`);
for (const { rule, detail } of result.violations.slice(0, MAX_TOLD)) print(`${rule}: ${detail}`);
process.exit(missing.length + extra.length + result.violations.length === 0 && due > 0 ? 0 : 1);

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}
