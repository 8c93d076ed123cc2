/**
 * What one large message costs the main thread of a real master: the release of 1,000 run locks, without ends and with them, and the trace of an
 * instance with 10,000 lines, whole and in slices.
 *
 *     npm run bench:locks [-- --rounds 30]            (about half a minute)
 *
 * Counted is the CPU time of the server's main thread, so other work on the machine hardly shows.
 */

import { parseArgs } from 'node:util';
import type { Redis } from 'ioredis';
import { MAX_ENDS } from '#src/protocol/contract/attempt-end.js';
import { INQUIRY_SCRIPT, wordsOfInquiry } from '#src/redis/scripts/inquiry-script.js';
import { wordsOfLock } from '#src/redis/scripts/lock-words.js';
import { RELEASE_SCRIPT } from '#src/redis/scripts/release-script.js';
import { startRedis } from '../support/redis-server.js';

const LOCKS = 1_000;
const LINES = 10_000;
const LEDGER = '{shop}:ledger';
const MEMBERS = '{shop}:members';
const INSTANCE = 'web-7f9c4d-1-1a2b3c4d';
const ID = '0123456789abcdef'.repeat(2);

const { values } = parseArgs({ options: { rounds: { type: 'string', default: '30' } } });
const rounds = Number(values.rounds);
const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const lockOf = (index: number): string => `{shop}:lock:OrderService.settle${index}`;
const lineOf = (index: number): string => `OrderService.settle${index}`;

async function cpuMs(client: Redis): Promise<number> {
  const info = await client.info('cpu');
  const of = (name: string): number =>
    Number(new RegExp(`used_cpu_${name}_main_thread:([\\d.]+)`).exec(info)?.[1]);
  return 1_000 * (of('user') + of('sys'));
}

/** The least over all rounds, ms: what else happens on the machine only adds to it. */
async function least(
  client: Redis,
  prepare: () => Promise<unknown>,
  act: (round: number) => Promise<unknown>,
): Promise<number> {
  const took: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await prepare();
    const before = await cpuMs(client);
    await act(round);
    took.push((await cpuMs(client)) - before);
  }
  return Math.min(...took);
}

async function lockAll(client: Redis): Promise<void> {
  const pipeline = client.pipeline();
  for (let index = 0; index < LOCKS; index += 1)
    pipeline.set(lockOf(index), `${INSTANCE}:${ID}`, 'PX', 60_000);
  await pipeline.exec();
}

async function release(client: Redis, round: number, withEnds: boolean, isAllow: boolean): Promise<void> {
  const indexes = Array.from({ length: LOCKS }, (_, index) => index);
  const words = indexes.flatMap((index) => {
    const ends = [
      { instant: Date.now() + round, outcome: 'success', claimId: `${INSTANCE}:${ID}${round}` },
    ] as const;
    const ended = { line: lineOf(index), ends, ...(isAllow && { mayOverlap: true as const }) };
    return wordsOfLock(RELEASE_SCRIPT, { value: ID, ttlMs: 3_000, ...(withEnds && { ended }) });
  });
  const args = ['', INSTANCE, '0', '', '0', ...words];
  await client.evalsha(RELEASE_SCRIPT.sha1, LOCKS + 1, LEDGER, ...indexes.map(lockOf), ...args);
}

async function trace(client: Redis, slice: number): Promise<void> {
  for (let first = 0; first < LINES; first += slice) {
    const lines = Array.from({ length: Math.min(slice, LINES - first) }, (_, index) => ({
      line: lineOf(first + index),
    }));
    const { words } = wordsOfInquiry({ instanceId: INSTANCE, lines });
    await client.evalsha(INQUIRY_SCRIPT.sha1, 2, LEDGER, MEMBERS, '', ...words);
  }
}

const master = await startRedis();
try {
  const client = master.client();
  await client.script('LOAD', RELEASE_SCRIPT.text);
  await client.script('LOAD', INQUIRY_SCRIPT.text);
  const plain = await least(
    client,
    () => lockAll(client),
    (round) => release(client, round, false, false),
  );
  print(`release of ${LOCKS} locks without ends: ${plain.toFixed(1)} ms`);
  for (const isAllow of [false, true]) {
    await client.del(LEDGER);
    for (let round = 0; round <= MAX_ENDS; round += 1) await release(client, 1_000 + round, true, isAllow);
    const took = await least(
      client,
      () => lockAll(client),
      (round) => release(client, round, true, isAllow),
    );
    const kept = (await client.hget(LEDGER, `e:${lineOf(0)}`))?.split('\n').length ?? 0;
    print(
      `release with an end each, ${kept - 1} kept, ${isAllow ? 'overlap allow' : 'others'}: ${took.toFixed(1)} ms`,
    );
  }
  for (let index = 0; index < LINES; index += 1)
    await client.hset(
      LEDGER,
      `t:${lineOf(index)}`,
      `${Date.now()} ${INSTANCE}${index % 3 === 0 ? '' : 'x'}:${ID} 0`,
    );
  for (const slice of [LINES, 1_000, 500])
    print(
      `trace of ${LINES} lines, ${slice} a message: ${(
        (await least(
          client,
          async () => undefined,
          () => trace(client, slice),
        )) / Math.ceil(LINES / slice)
      ).toFixed(1)} ms a message`,
    );
} finally {
  await master.stop();
}
