/**
 * What a million lines of one-off tasks take up on a master, and what it costs to forget them: memory before and after, the longest that
 * the server was busy with one slice, and the longest that another client waited meanwhile.
 *
 *     npm run bench:prune [-- lines]            (about two minutes)
 */

import { setTimeout as later } from 'node:timers/promises';
import type { Redis } from 'ioredis';
import { PRUNE_SCRIPT } from '#src/redis/scripts/prune-script.js';
import { startRedis } from '../support/redis-server.js';

const LINES = Number(process.argv[2] ?? 1_000_000);
const BATCH = 10_000;
const PAUSE_MS = 5;
const LEDGER = '{shop}:ledger';
const DAY_MS = 86_400_000;

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

async function memoryOf(client: Redis): Promise<number> {
  return Number(/used_memory:(\d+)/.exec(await client.info('memory'))?.[1]) / 2 ** 20;
}

/** All its slices, one after the other. */
async function pass(client: Redis, windowMs: number): Promise<void> {
  await client.config('RESETSTAT');
  let [slices, forgotten, longestMs, isUnfinished] = [0, 0, 0, true];
  const waits = { longestMs: 0, ends: false };
  const other = client.duplicate();
  const waiting = pingUntil(other, waits);
  const beganMs = performance.now();
  while (isUnfinished) {
    const sentMs = performance.now();
    const reply = await client.evalsha(PRUNE_SCRIPT.sha1, 1, LEDGER, String(windowMs), '0');
    longestMs = Math.max(longestMs, performance.now() - sentMs);
    const [, , kind, count] = reply as [string, string, string, number];
    isUnfinished = kind === 'more';
    slices += 1;
    forgotten += count;
    await later(PAUSE_MS);
  }
  const tookMs = performance.now() - beganMs;
  waits.ends = true;
  await waiting;
  other.disconnect();
  const stats = /cmdstat_evalsha:calls=(\d+),usec=(\d+)/.exec(await client.info('commandstats'));
  const meanUs = Number(stats?.[2]) / Number(stats?.[1]);
  print(
    `${forgotten} forgotten in ${slices} slices, ${(meanUs / 1_000).toFixed(2)} ms of the server each in the mean, ` +
      `${longestMs.toFixed(1)} ms at most with the way there; ${(tookMs / 1_000).toFixed(1)} s in all; ` +
      `another client waited ${waits.longestMs.toFixed(1)} ms at most`,
  );
}

async function pingUntil(client: Redis, waits: { longestMs: number; ends: boolean }): Promise<void> {
  while (!waits.ends) {
    const sentMs = performance.now();
    await client.ping();
    waits.longestMs = Math.max(waits.longestMs, performance.now() - sentMs);
    await later(1);
  }
}

const master = await startRedis();
const client = master.client();
const empty = await memoryOf(client);
const tick = Date.now() - 2 * DAY_MS;
for (let first = 0; first < LINES; first += BATCH) {
  const lines: string[] = [];
  for (let index = first; index < Math.min(first + BATCH, LINES); index += 1)
    lines.push(
      `t:reminder:${100_000_000 + index}`,
      `${tick + index} web-7f9c4d-1-1a2b3c4d:${'0123456789abcdef'.repeat(2)}~ 0`,
    );
  await client.hset(LEDGER, ...lines);
}
await client.script('LOAD', PRUNE_SCRIPT.text);
print(`${LINES} lines: ${((await memoryOf(client)) - empty).toFixed(1)} MiB`);
await pass(client, 30 * DAY_MS);
await pass(client, DAY_MS);
// The first one looked through lines that are too young, and its window is the one that the node keeps to.
await client.hdel(LEDGER, 'window');
await pass(client, DAY_MS);
print(`afterwards: ${((await memoryOf(client)) - empty).toFixed(1)} MiB`);
await master.stop();
