/**
 * The name of a master comes to mean another server, and the old one lives on with its connections. Then two majorities need
 * not share a server: first and third on one side, second and new third on the other.
 */

import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type RedisServer, startRedis } from '../../support/redis-server.js';
import { untilTime } from '../../support/stage.js';
import { Fleet, nextTick } from './fleet.js';

const TICKS = 6;
/** Requests are lost, and the sockets stay open. */
const LOST = { requests: { hold: true } } as const;

describe('a name that comes to mean another server while the old one lives on', () => {
  let other: RedisServer;
  let fleet: Fleet;
  beforeAll(async () => {
    other = await startRedis();
  });
  afterEach(() => fleet.close());
  afterAll(() => other.stop());

  it('doubles no tick when the claims of the older instances do not reach one of the other masters', async () => {
    fleet = await Fleet.open({});
    const older = [...fleet.replicas];
    const newcomer = await fleet.join();
    const [, , toThird] = fleet.links(newcomer);
    await toThird?.aim(other.url);
    await toThird?.reset();
    await fleet.runsAfter(Date.now() + 4_000);
    await Promise.all(older.map((replica) => fleet.links(replica)[1]?.set(LOST)));

    const first = nextTick();
    const last = first + (TICKS - 1) * 1_000;
    await untilTime(last + 700);
    const runs = fleet.runsPerTick(first, last);
    expect(runs.filter((count) => count > 1)).toEqual([]);
    // Those that can reach a majority whose servers are those that all mean go on.
    expect(runs.filter((count) => count === 1).length).toBeGreaterThanOrEqual(TICKS - 1);
  });
});
