/**
 * How long the event loop is held by work that grows with the number of tasks, against three masters:
 *
 *     npm run bench:blocks            (-- --tasks 200 for fewer added tasks, --only weekend, moment or added)
 *
 * All figures are CPU time of the process in question, garbage collection included, so that other work on the machine does not
 * count; only the lateness of the first start is by the clock. A block is the CPU between two turns of a timer of 4 ms.
 */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { DistributedScheduleRegistry } from 'nestjs-distributed-schedule';
import { type RedisServer, startRedis } from '../support/redis-server.js';
import { type Computing, cpuMs, watchComputing } from './blocks/cpu-watch.js';
import { addedTask } from './blocks/cron-tasks.js';
import { cronProvider, HANDLER, handlerProvider, startInstance } from './blocks/instance.js';
import { sendMessages } from './blocks/messages.js';
import { countWeekend } from './blocks/weekend.js';

const { values } = parseArgs({
  options: {
    tasks: { type: 'string', default: '1000' },
    only: { type: 'string' },
    role: { type: 'string' },
    redis: { type: 'string', default: '' },
  },
});
const TASKS = Number(values.tasks);
const WEEKEND_TASKS = 200;
const MOMENT_TASKS = 300;
const MOMENTS = 4;
const PERIOD_MS = 10_000;
const READS = 200;
/** New masters abstain for one time to live; then the membership has to settle. */
const WARM_UP_MS = 6_000;
const MAX_BOOT_MS = 300_000;
const HERE = fileURLToPath(import.meta.url);

interface Row {
  readonly what: string;
  readonly cpu: string;
  readonly block: string;
}

const ms = (value: number): string => `${value < 10 ? value.toFixed(2) : value.toFixed(0)} ms`;

const rowOf = (what: string, { cpuMs: cpu, longestBlockMs }: Computing): Row => ({
  what,
  cpu: ms(cpu),
  block: ms(longestBlockMs),
});

/** As another instance, in a process of its own: boots, waits until it has all tasks, and runs for a while: its audit asks for the last tick of each. */
async function bootThere(redis: readonly string[]): Promise<void> {
  const computing = watchComputing();
  const startMs = performance.now();
  const app = await startInstance(redis, handlerProvider());
  const bootMs = performance.now() - startMs;
  const registry = app.get(DistributedScheduleRegistry);
  while (TASKS > 0 && !registry.has(`customer ${TASKS - 1}`) && performance.now() - startMs < MAX_BOOT_MS)
    await sleep(50);
  const hasAllMs = performance.now() - startMs;
  const untilAll = computing();
  const since = watchComputing();
  await sleep(WARM_UP_MS);
  const longestBlockMs = Math.max(untilAll.longestBlockMs, since().longestBlockMs);
  process.send?.({ cpuMs: untilAll.cpuMs, longestBlockMs, bootMs, hasAllMs });
  await app.close();
}

/** As the only instance with many cron tasks of one moment, in a process of its own. */
async function startThere(redis: readonly string[]): Promise<void> {
  const firsts = new Map<number, number>();
  const lasts = new Map<number, number>();
  const provider = cronProvider(MOMENT_TASKS, `*/${PERIOD_MS / 1_000} * * * * *`, ({ tick }) => {
    if (!firsts.has(tick)) firsts.set(tick, Date.now() - tick);
    lasts.set(tick, Date.now() - tick);
  });
  const app = await startInstance(redis, provider);
  await sleep(WARM_UP_MS);
  firsts.clear();
  const computing = watchComputing();
  while (firsts.size < MOMENTS) await sleep(500);
  const computed = computing();
  const middle = (of: ReadonlyMap<number, number>): number =>
    [...of.values()].sort((one, other) => one - other)[Math.floor(of.size / 2)] ?? 0;
  process.send?.({ ...computed, firstMs: middle(firsts), lastMs: middle(lasts) });
  await app.close();
}

/** As the second instance, in a process of its own: is there until it is told to go. */
async function standByThere(redis: readonly string[]): Promise<void> {
  const app = await startInstance(redis, handlerProvider());
  process.send?.({});
  await once(process, 'message');
  await app.close();
  process.disconnect();
}

function forkAs(role: string, masters: readonly RedisServer[], tasks = TASKS): ChildProcess {
  const redis = masters.map(({ url }) => url).join(',');
  return fork(HERE, ['--role', role, '--redis', redis, '--tasks', String(tasks)]);
}

async function inProcess<T>(role: string, masters: readonly RedisServer[], tasks = TASKS): Promise<T> {
  const child = forkAs(role, masters, tasks);
  const ended = once(child, 'exit').then(() => {
    throw new Error(`the instance '${role}' ended without an answer`);
  });
  const answer = once(child, 'message').then(([message]) => message as T);
  const told = await Promise.race([answer, ended]);
  await ended.catch(() => undefined);
  return told;
}

/** Of one of two instances: adds tasks, reads them one by one, and lets a third instance boot. */
async function addAndBoot(masters: readonly RedisServer[]): Promise<readonly Row[]> {
  const app = await startInstance(
    masters.map(({ url }) => url),
    handlerProvider(),
  );
  const second = forkAs('stand by', masters);
  await once(second, 'message');
  await sleep(WARM_UP_MS);
  const registry = app.get(DistributedScheduleRegistry);
  const bare = await inProcess<Computing>('boot', masters, 0);
  const messages = await sendMessages(TASKS, masters);
  const adding = watchComputing();
  for (let index = 0; index < TASKS; index += 1) await registry.add(addedTask(index, HANDLER));
  const added = adding();
  const read = (look: (name: string) => unknown): number => {
    const beganMs = cpuMs();
    for (let index = 0; index < READS; index += 1) look(`customer ${index % TASKS}`);
    return (cpuMs() - beganMs) / READS;
  };
  const [getMs, hasMs] = [read((name) => registry.get(name)), read((name) => registry.has(name))];
  const listBeganMs = cpuMs();
  registry.list();
  const listMs = cpuMs() - listBeganMs;
  const boot = await inProcess<Computing & { bootMs: number; hasAllMs: number }>('boot', masters);
  second.send('go');
  await once(second, 'exit');
  await app.close();
  return [
    rowOf(`${TASKS} adds, one after the other`, added),
    rowOf(`as many messages to the same masters without anything else`, messages),
    { what: `get and has with ${TASKS} tasks, each`, cpu: `${ms(getMs)}, ${ms(hasMs)}`, block: '' },
    { what: `list of ${TASKS} tasks`, cpu: ms(listMs), block: '' },
    rowOf('boot of the third instance before any task is added', bare),
    rowOf(
      `boot of the third instance with ${TASKS} added tasks (ready after ${ms(boot.bootMs)}, has all after ${ms(boot.hasAllMs)})`,
      boot,
    ),
  ];
}

async function withMasters<T>(work: (masters: readonly RedisServer[]) => Promise<T>): Promise<T> {
  const masters = await Promise.all([startRedis(), startRedis(), startRedis()]);
  try {
    return await work(masters);
  } finally {
    await Promise.all(masters.map((master) => master.stop()));
  }
}

const print = ({ what, cpu, block }: Row): void => {
  process.stdout.write(`| ${what} | ${cpu} | ${block} |\n`);
};

async function printWeekend(): Promise<void> {
  const weekend = await countWeekend(WEEKEND_TASKS);
  print(
    rowOf(`counting a weekend that ${WEEKEND_TASKS} cron tasks missed (${weekend.missed} ticks)`, weekend),
  );
}

async function printMoment(): Promise<void> {
  const started = await withMasters((masters) =>
    inProcess<Computing & { firstMs: number; lastMs: number }>('moment', masters),
  );
  const late = `first start ${ms(started.firstMs)} late, last ${ms(started.lastMs)}`;
  print(rowOf(`${MOMENT_TASKS} cron tasks of one moment, ${MOMENTS} moments (${late})`, started));
}

async function printAdded(): Promise<void> {
  for (const row of await withMasters(addAndBoot)) print(row);
}

async function printTable(): Promise<void> {
  print({ what: 'what', cpu: 'CPU', block: 'longest block' });
  print({ what: '---', cpu: '---', block: '---' });
  const parts = { weekend: printWeekend, moment: printMoment, added: printAdded };
  for (const [name, part] of Object.entries(parts)) {
    if (values.only === undefined || values.only === name) await part();
  }
}

const redis = values.redis.split(',');
if (values.role === 'boot') await bootThere(redis);
else if (values.role === 'moment') await startThere(redis);
else if (values.role === 'stand by') await standByThere(redis);
else await printTable();
