/**
 * One instance has one of the three masters as its only node, and that master comes back empty: whoever claims first is on
 * record there. The fleet of three must not stop for that.
 */

import { afterEach, describe, expect, it } from 'vitest';
import { untilTime } from '../../support/stage.js';
import { Fleet, nextTick } from './fleet.js';

const TICKS = 6;
/** The bad instance is the first to claim: its way to the emptied master is shorter by so much. */
const LONGER_WAY = { requests: { delayMs: 20 } } as const;

describe('an instance with one of three masters as its only node, and that master emptied', () => {
  let fleet: Fleet;
  afterEach(() => fleet.close());

  it('does not stop the fleet of three, and the master votes for the fleet again', async () => {
    fleet = await Fleet.open({});
    const good = [...fleet.replicas];
    const [emptied, second] = fleet.masters;
    if (emptied === undefined || second === undefined) throw new Error('no masters');
    await Promise.all(fleet.linksTo(0).map((link) => link.set(LONGER_WAY)));
    await emptied.kill();
    const bad = await fleet.joinWith([emptied]);
    await untilTime(nextTick(500) - 500);
    await emptied.restartEmpty();

    const first = nextTick();
    const last = first + (TICKS - 1) * 1_000;
    await untilTime(last + 700);
    const story = `the bad instance ran ${fleet.runsPerTick(first, last, [bad]).join(', ')} of the ticks`;
    expect(fleet.runsPerTick(first, last, good), story).toEqual(Array(TICKS).fill(1));
    expect(fleet.runsPerTick(first, last), story).toEqual(Array(TICKS).fill(1));

    await bad.kill('SIGKILL');
    second.pause();
    const withFirstAndThird = await fleet.runsAfter(Date.now() + 1_000);
    expect(withFirstAndThird).toBeGreaterThan(last);
  });
});
