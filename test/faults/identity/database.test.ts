/**
 * A fleet on database 2 while another application's slow script keeps the servers: connections that are made meanwhile get
 * BUSY for SELECT, and a client that takes no notice of that goes on in database 0. Instances that come later read database 2.
 */

import { afterEach, describe, expect, it } from 'vitest';
import { selectRefused } from '../../support/faults/select-faults.js';
import { untilTime } from '../../support/stage.js';
import { Fleet, nextTick } from './fleet.js';

const TICKS = 4;

describe.each([1, 3])('a fleet on database 2 of %i servers', (masters) => {
  let fleet: Fleet;
  afterEach(() => fleet.close());

  it('stays there when SELECT was refused, and runs each tick once with an instance that starts later', async () => {
    fleet = await Fleet.open({ masters, redis: { database: 2 } });
    const refusals = fleet.masters.map((server, node) => selectRefused(server, fleet.linksTo(node)));
    await Promise.all(refusals.map((fault) => fault.strike()));
    await Promise.all(refusals.map((fault) => fault.heal()));
    await fleet.runsAfter(Date.now());
    await fleet.join();

    const first = nextTick(1_000);
    const last = first + (TICKS - 1) * 1_000;
    await untilTime(last + 700);
    expect(fleet.runsPerTick(first, last)).toEqual(Array(TICKS).fill(1));
    const inDatabase0 = fleet.masters.map(async (master) => {
      const client = master.client();
      await client.select(0);
      return await client.dbsize();
    });
    expect(await Promise.all(inDatabase0)).toEqual(Array(masters).fill(0));
  });
});
