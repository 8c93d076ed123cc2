/**
 * The counter test on real servers: replicas are killed, stopped and cut off, and a counter is incremented once per tick, with
 * runOnce and without.
 *
 *     npm run once                          (ten minutes)
 *     npm run once -- --minutes 1 --seed 7
 *     npm run once -- --repeats             (a consumer makes attempts again as well, and not the scheduler alone)
 *
 * Ends with 1 when the counter differs from the ticks that succeeded, when nobody answers for a tick, and when too little happened for the run to mean
 * anything.
 */

import { parseArgs } from 'node:util';
import { runCounter } from './counter-run.js';

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '10' },
    repeats: { type: 'boolean', default: false },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
  },
});

const MS_PER_MINUTE = 60_000;
const MIN_FAULTS_PER_MINUTE = 10;

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

const [minutes, seed] = [Number(values.minutes), Number(values.seed)];
print(
  `seed ${seed}, ${minutes} minutes, retakes by ${values.repeats ? 'scheduler and consumer' : 'the scheduler alone'}`,
);
const run = await runCounter({ seed, forMs: minutes * MS_PER_MINUTE, repeats: values.repeats });
const { counter, successes, wrong, strays, repeated, plain, ticks, faults, endings, troubles } = run;
for (const [kind, count] of faults) print(`fault    ${count} x ${kind}`);
for (const [ending, count] of [...endings].sort()) print(`attempts ${count} x ${ending}`);
print('| | counter | ticks that succeeded | difference |');
print('|---|---|---|---|');
print(
  `| with runOnce | ${counter} | ${successes} (${repeated} after more than one attempt) | ${counter - successes} |`,
);
print(
  `| without | ${plain.counter} | ${plain.marked} (${plain.doubled} counted twice or more) | ${plain.counter - plain.marked} |`,
);
print(`ticks    ${ticks.succeeded} of ${ticks.ticks} succeeded`);
for (const [what, count] of ticks.told) print(`ticks    ${count} x told: ${what}`);
for (const tick of ticks.untold) print(`untold:  ${tick}`);
if (strays > 0) print(`wrong: ${strays} writes of branches that nobody awaited`);
for (const job of wrong) print(`wrong: ${job}`);
for (const trouble of troubles) print(`void: ${trouble}`);

const struck = [...faults.values()].reduce((sum, count) => sum + count, 0);
const isEnough = struck >= minutes * MIN_FAULTS_PER_MINUTE && repeated > 0 && plain.counter !== plain.marked;
if (!isEnough)
  print(`void: only ${struck} faults, ${repeated} repeated jobs, or a control without a difference`);
const isRight = counter === successes && wrong.length === 0 && strays === 0 && ticks.untold.length === 0;
process.exit(isRight && troubles.length === 0 && isEnough ? 0 : 1);
