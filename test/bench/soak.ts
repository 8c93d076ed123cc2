/**
 * Whether anything grows: a fleet runs for a third of the time in peace, for a third under faults, and for a third in peace again. What its processes
 * and masters hold at the end is compared with what they held when they had come to rest.
 *
 *     npm run bench:soak                                    (30 minutes: 12 processes, 500 tasks of every second)
 *     npm run bench:soak -- --minutes 6 --shape 50x3
 *
 * Ends with 1 when something has grown, when a tick was run twice, or when ticks were missed in peace.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Redis } from 'ioredis';
import { type RedisServer, startRedis } from '../support/redis-server.js';
import { epochOffsetMs } from './latency/epoch-offset.js';
import { median } from './latency/judge.js';
import { loadNow, machine } from './latency/machine.js';
import { requireShapes } from './latency/shape.js';
import { SoakFleet } from './soak/fleet.js';
import type { Held } from './soak/instance.js';
import { RunsSeen } from './soak/runs-seen.js';

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '30' }, shape: { type: 'string', default: '500x12' } },
});
const [shape] = requireShapes(values.shape);
if (shape === undefined) throw new Error('write a shape, such as 500x12');
const PHASES = ['peace', 'faults', 'peace again'] as const;
const LOOKS_PER_PHASE = 8;
const phaseMs = (Number(values.minutes) * 60_000) / PHASES.length;
const FAULT_EVERY_MS = 15_000;
const STOPPED_MS = 3_000;
const MASTER_STOPPED_MS = 2_000;
/** Until the last second of the faults is over for everybody. */
const HEALS_MS = 10_000;
/** More than this share, and this much, above what it was counts as growth. */
const GROWTH = 0.1;

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/** What is watched, with the least growth that means something. */
const WATCHED = {
  'heap, MiB': 2,
  'RSS, MiB': 15,
  'sockets a process': 1,
  'timers a process': 10,
  'listeners a process': 2,
  'keys a master': 5,
  'memory of a master, MiB': 1,
  'connections a master': 2,
} as const;
type Watched = Record<keyof typeof WATCHED, number>;

async function lookAtMaster(
  client: Redis,
): Promise<readonly [keys: number, MiB: number, connections: number]> {
  const info = `${await client.info('memory')}${await client.info('clients')}`;
  const field = (name: string): number => Number(new RegExp(`${name}:(\\d+)`).exec(info)?.[1] ?? 0);
  return [await client.dbsize(), field('used_memory') / 2 ** 20, field('connected_clients')];
}

const middle = (all: readonly number[]): number => median(all) ?? Number.NaN;

async function look(fleet: SoakFleet, clients: readonly Redis[]): Promise<Watched> {
  const [held, stores] = await Promise.all([fleet.look(), Promise.all(clients.map(lookAtMaster))]);
  const of = (pick: (one: Held) => number): number => middle(held.map(pick));
  return {
    'heap, MiB': of(({ heapMiB }) => heapMiB),
    'RSS, MiB': of(({ rssMiB }) => rssMiB),
    'sockets a process': of(({ sockets }) => sockets),
    'timers a process': of(({ timers }) => timers),
    'listeners a process': of(({ listeners }) => listeners),
    'keys a master': middle(stores.map(([keys]) => keys)),
    'memory of a master, MiB': middle(stores.map(([, MiB]) => MiB)),
    'connections a master': middle(stores.map(([, , connections]) => connections)),
  };
}

function faultsOf(
  fleet: SoakFleet,
  masters: readonly RedisServer[],
  clients: readonly Redis[],
): readonly (() => Promise<void>)[] {
  const stop = async (pid: number | undefined, forMs: number): Promise<void> => {
    if (pid === undefined) return;
    process.kill(pid, 'SIGSTOP');
    await sleep(forMs);
    process.kill(pid, 'SIGCONT');
  };
  return [
    () => fleet.replaceOne(),
    () => stop(fleet.pids[0], STOPPED_MS),
    async () => masters[0]?.restartEmpty(),
    () => stop(masters[1]?.pid, MASTER_STOPPED_MS),
    async () => {
      await clients[2]?.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    },
  ];
}

async function strikeUntil(endMs: number, faults: readonly (() => Promise<void>)[]): Promise<number> {
  let struck = 0;
  while (performance.now() < endMs - HEALS_MS) {
    await faults[struck % faults.length]?.();
    struck += 1;
    await sleep(Math.max(0, Math.min(FAULT_EVERY_MS, endMs - HEALS_MS - performance.now())));
  }
  return struck;
}

const masters = await Promise.all([startRedis(), startRedis(), startRedis()]);
const clients = masters.map((master) => master.client());
const seen = new RunsSeen(shape.tasks);
const fleet = new SoakFleet(
  {
    ...{ contestant: 'ours', ...shape, namespace: 'bench-soak', postgresUrl: '' },
    ...{ redisUrls: masters.map(({ url }) => url), epochOffsetMs: epochOffsetMs() },
  },
  (task, tick) => seen.note(task, tick),
);
print(
  `${machine()}, load ${loadNow().toFixed(1)}; ${values.minutes} minutes, ${values.shape} (tasks x processes)`,
);
await Promise.all(Array.from({ length: shape.instances }, () => fleet.start(true)));
const names = Object.keys(WATCHED) as (keyof Watched)[];
print(`\n| phase | ${names.join(' | ')} |\n|---|${'---|'.repeat(names.length)}`);
const looks = new Map<string, Watched[]>();
const ticks: string[] = [];
let isSound = true;
for (const phase of PHASES) {
  const [fromMs, endMs] = [Date.now() + HEALS_MS, performance.now() + phaseMs];
  const striking =
    phase === 'faults' ? strikeUntil(endMs, faultsOf(fleet, masters, clients)) : Promise.resolve(0);
  const those: Watched[] = [];
  looks.set(phase, those);
  for (let nth = 1; nth <= LOOKS_PER_PHASE; nth += 1) {
    await sleep(endMs - performance.now() - (phaseMs / LOOKS_PER_PHASE) * (LOOKS_PER_PHASE - nth));
    // Faults are under way: a process that stands still would not answer.
    if (phase === 'faults' && nth < LOOKS_PER_PHASE) continue;
    if (phase === 'faults') await striking;
    const now = await look(fleet, clients);
    those.push(now);
    print(
      `| ${phase} | ${names.map((name) => now[name].toFixed(name.includes('MiB') ? 1 : 0)).join(' | ')} |`,
    );
  }
  const { due, ran, doubled } = seen.take(fromMs, Date.now());
  const struck = await striking;
  ticks.push(`| ${phase} | ${struck} | ${due} | ${ran} | ${doubled} |`);
  if (doubled > 0 || (phase !== 'faults' && ran < due)) isSound = false;
}
print('\n| phase | faults | due | told as run | doubled |\n|---|---|---|---|---|');
for (const line of ticks) print(line);

/** The second half of a phase in peace: the first one settles. */
const settled = (phase: string, name: keyof Watched): number =>
  middle((looks.get(phase) ?? []).slice(LOOKS_PER_PHASE / 2).map((one) => one[name]));
print('\n| | before | after | |\n|---|---|---|---|');
for (const name of names) {
  const [before, after] = [settled('peace', name), settled('peace again', name)];
  const hasGrown = after - before > Math.max(WATCHED[name], before * GROWTH);
  if (hasGrown) isSound = false;
  print(`| ${name} | ${before.toFixed(1)} | ${after.toFixed(1)} | ${hasGrown ? '**grows**' : ''} |`);
}
await fleet.stop();
await Promise.all(masters.map((master) => master.stop()));
process.exit(isSound ? 0 : 1);
