/**
 * What a tick that another instance runs costs this one: one instance in one process, with nodes that say of each tick who has it.
 *
 *     npm run bench:standby                    (-- --shapes 400x3,5000x12 --seconds 20)
 *
 * A shape is per-second tasks x live instances. CPU time of the process; the connection is left out. The clock is moved by hand, so that a
 * second takes as long as its work.
 */

import 'reflect-metadata';
import { parseArgs } from 'node:util';
import { cpuMs } from './blocks/cpu-watch.js';
import { standBy } from './standby/standby.js';

const { values } = parseArgs({
  options: {
    shapes: { type: 'string', default: '400x3,400x12,5000x12' },
    seconds: { type: 'string', default: '20' },
    rounds: { type: 'string', default: '3' },
  },
});
const SECONDS = Number(values.seconds);
const SECOND_MS = 1_000;
/** The first answers, the settling of the audit, and compiled code. */
const WARM_UP_SECONDS = 15;

async function measure(tasks: number, members: number): Promise<number> {
  const { clock, scheduler, told } = standBy(tasks, members);
  await clock.advance(WARM_UP_SECONDS * SECOND_MS + SECOND_MS / 2);
  Object.assign(told, { taken: 0, other: 0 });
  const beganMs = cpuMs();
  await clock.advance(SECONDS * SECOND_MS);
  const spentMs = cpuMs() - beganMs;
  const due = tasks * SECONDS;
  if (told.taken !== due || told.other > 0)
    throw new Error(`of ${due} ticks ${told.taken} were told as taken and ${told.other} otherwise`);
  clock.goOn();
  await scheduler.stop();
  return spentMs / due;
}

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};
print('| tasks x instances | CPU µs for a tick that another one runs, median | least | most |');
print('|---|---|---|---|');
for (const shape of values.shapes.split(',')) {
  const [tasks = 0, members = 0] = shape.split('x').map(Number);
  const costs: number[] = [];
  for (let round = 0; round < Number(values.rounds); round += 1) costs.push(await measure(tasks, members));
  costs.sort((one, other) => one - other);
  const cells = [costs[Math.floor(costs.length / 2)], costs[0], costs.at(-1)];
  print(`| ${shape.replace('x', ' x ')} | ${cells.map((one = 0) => (one * 1_000).toFixed(1)).join(' | ')} |`);
}
