/** A connection leads to another database, or a name to another server: votes that look like a majority's share no server. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { selectRefused } from '../../support/faults/select-faults.js';
import { type RedisServer, startRedis } from '../../support/redis-server.js';
import { untilTime } from '../../support/stage.js';
import { Fleet, nextTick } from './fleet.js';

const TICKS = 4;
/** Requests do not arrive, and the sockets stay open. */
const UNHEARD = { requests: { hold: true } } as const;

/** How often each of the next ticks runs. */
async function nextRuns(fleet: Fleet, marginMs?: number): Promise<readonly number[]> {
  const first = nextTick(marginMs);
  const last = first + (TICKS - 1) * 1_000;
  await untilTime(last + 700);
  return fleet.runsPerTick(first, last);
}

function expectEachOnce(runs: readonly number[]): void {
  expect(runs.filter((count) => count > 1)).toEqual([]);
  // On a busy machine one may be missed; a fleet that stands still misses them all.
  expect(runs.filter((count) => count === 1).length).toBeGreaterThanOrEqual(TICKS - 1);
}

describe.concurrent('a fleet on database 2 while a slow script makes the servers refuse SELECT', () => {
  it.each([1, 3])(
    'stays there, and runs each tick once with an instance that starts later: %i server(s)',
    async (masters) => {
      const fleet = await Fleet.open({ masters, redis: { database: 2 } });
      try {
        const refusals = fleet.masters.map((server, node) => selectRefused(server, fleet.linksTo(node)));
        await Promise.all(refusals.map((fault) => fault.strike()));
        await Promise.all(refusals.map((fault) => fault.heal()));
        await fleet.runsAfter(Date.now());
        await fleet.join();

        expectEachOnce(await nextRuns(fleet, 1_000));
        expect(await Promise.all(fleet.masters.map(keysInDatabase0))).toEqual(Array(masters).fill(0));
      } finally {
        await fleet.close();
      }
    },
  );
});

async function keysInDatabase0(master: RedisServer): Promise<number> {
  const client = master.client();
  await client.select(0);
  return await client.dbsize();
}

describe.concurrent('a name that comes to mean another server while the old one lives on', () => {
  let other: RedisServer;
  beforeAll(async () => {
    other = await startRedis();
  });
  afterAll(() => other.stop());

  // First and third server on one side, second and new third on the other: two majorities of three names.
  it('doubles no tick when claims of the older instances do not reach one of the other masters', async () => {
    const fleet = await Fleet.open({});
    try {
      const older = [...fleet.replicas];
      const [, , toThird] = fleet.links(await fleet.join());
      await toThird?.aim(other.url);
      await toThird?.reset();
      // A new server abstains at first: until then it could not help to double anything.
      await fleet.runsAfter(Date.now() + 4_000);
      await Promise.all(older.map((replica) => fleet.links(replica)[1]?.set(UNHEARD)));

      expectEachOnce(await nextRuns(fleet));
    } finally {
      await fleet.close();
    }
  });
});
