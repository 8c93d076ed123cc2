/** Claims on one master and on three: the raw script, this library's ledger, and the `redlock` package. */

import { Redis } from 'ioredis';
import Redlock from 'redlock';
import type { Claim } from '#src/protocol/contract/ports.js';
import { QuorumTickLedger } from '#src/protocol/ledger/quorum-tick-ledger.js';
import { MakeshiftElectorate } from '../../support/makeshift-electorate.js';
import { closeInstances, endQuarantine, newNamespace, startInstance } from '../../support/redis-instances.js';
import { type RedisServer, startRedis } from '../../support/redis-server.js';
import { drive, type Floor } from './floor.js';
import { HashClaims } from './hash-claims.js';

const BATCH = 1_000;
const IN_FLIGHT = 100;
const LOCK_CALLERS = 50;
const LOCK_TTL_MS = 60_000;
/** Claims begin so far in the past, and move on by a millisecond each: none is ahead of the nodes' clocks. */
const PAST_MS = 30_000;

export async function measureRedisClaims(forMs: number): Promise<readonly Floor[]> {
  const masters = await Promise.all([startRedis(), startRedis(), startRedis()]);
  try {
    return [
      await rawOneByOne(masters.slice(0, 1), forMs),
      await rawBatched(masters.slice(0, 1), forMs),
      await rawBatched(masters, forMs),
      await ours(masters, forMs),
      await redlock(masters, forMs),
    ];
  } finally {
    await Promise.all(masters.map((master) => master.stop()));
  }
}

function shown(masters: readonly RedisServer[]): string {
  return masters.length === 1 ? '1 master' : `${masters.length} masters`;
}

async function rawOneByOne(masters: readonly RedisServer[], forMs: number): Promise<Floor> {
  const clients = masters.map((master) => master.client());
  // Each caller has a task of its own, so that none refuses another's.
  const claims = await Promise.all(
    Array.from({ length: IN_FLIGHT }, (_, index) => HashClaims.of(clients, 'one by one', [`chore${index}`])),
  );
  const figures = await drive(
    { callers: IN_FLIGHT, forMs },
    async (caller) => (await claims[caller]?.next()) ?? 0,
  );
  return {
    name: `raw claims one by one, ${shown(masters)}`,
    about: `an EVALSHA per claim of a hash, ${IN_FLIGHT} in flight`,
    figures,
  };
}

async function rawBatched(masters: readonly RedisServer[], forMs: number): Promise<Floor> {
  const clients = masters.map((master) => master.client());
  const tasks = Array.from({ length: BATCH }, (_, index) => `chore${index}`);
  const claims = await HashClaims.of(clients, `batched on ${masters.length}`, tasks);
  return {
    name: `raw claims, ${shown(masters)}`,
    about: `an EVALSHA per master for ${BATCH} claims of a hash, one after the other`,
    figures: await drive({ callers: 1, forMs }, () => claims.next()),
  };
}

async function ours(masters: readonly RedisServer[], forMs: number): Promise<Floor> {
  const namespace = newNamespace();
  const { nodes } = await startInstance({ inputs: masters.map(({ url }) => url), namespace });
  const electorate = new MakeshiftElectorate(nodes);
  await electorate.mend();
  await Promise.all(masters.map((master) => endQuarantine(master, namespace)));
  const ledger = new QuorumTickLedger(nodes, electorate);
  let tick = Date.now() - PAST_MS;
  try {
    const figures = await drive({ callers: 1, forMs }, async () => {
      tick += 1;
      const claims = Array.from(
        { length: BATCH },
        (_, index): Claim => ({
          ...{ task: `chore${index}`, tick, claimId: `me:${tick}` },
          maxLatenessMs: 2 * PAST_MS,
        }),
      );
      const verdicts = await ledger.claim(claims);
      return verdicts.filter(({ kind }) => kind === 'won').length;
    });
    return {
      name: `ours, ${shown(masters)}`,
      about: `a claim of this library's ledger, ${BATCH} in a message per master, one after the other`,
      figures,
    };
  } finally {
    await closeInstances();
  }
}

async function redlock(masters: readonly RedisServer[], forMs: number): Promise<Floor> {
  const clients = masters.map(({ url }) => new Redis(url));
  const locks = new Redlock(clients, { retryCount: 0 });
  let count = 0;
  try {
    const figures = await drive({ callers: LOCK_CALLERS, forMs }, async () => {
      count += 1;
      await locks.acquire([`lock${count}`], LOCK_TTL_MS);
      return 1;
    });
    return {
      name: `redlock, ${shown(masters)}`,
      about: `an acquired lock of the \`redlock\` package, ${LOCK_CALLERS} in flight`,
      figures,
    };
  } finally {
    for (const client of clients) client.disconnect();
  }
}
