/**
 * A claim is applied, and the connection ends before its answer is here. Whoever then takes the own claim for somebody else's
 * lets the tick end without a run and without a word.
 */

import { afterEach, describe, expect, it } from 'vitest';
import { claimAnswersLost } from '../../support/faults/answer-faults.js';
import { untilTime } from '../../support/stage.js';
import { Fleet } from './fleet.js';

const TIMES = 3;
/** The audit waits until nobody can run the tick any more. */
const TOLD_WITHIN_MS = 8_000;

describe.each([
  [1, 'a reset'],
  [3, 'one hiccup of all connections'],
])('a claim whose answers from %i server(s) are lost by %s', (masters) => {
  let fleet: Fleet;
  afterEach(() => fleet.close());

  it('does not cost its tick, or somebody says that it did', async () => {
    fleet = await Fleet.open({ masters });
    const ticks: number[] = [];
    for (let time = 0; time < TIMES; time += 1) {
      const fault = claimAnswersLost(fleet.links(), masters);
      await fault.strike();
      // The first bid comes 30 ms before its tick.
      const tick = Math.round(Date.now() / 1_000) * 1_000;
      ticks.push(tick);
      await fleet.runsAfter(tick);
    }
    const isOver = (tick: number): boolean =>
      fleet.runsPerTick(tick, tick)[0] === 1 || fleet.isToldMissed(tick);
    const deadlineMs = Date.now() + TOLD_WITHIN_MS;
    while (!ticks.every(isOver) && Date.now() < deadlineMs) await untilTime(Date.now() + 50);
    const silent = ticks.filter((tick) => !isOver(tick));
    expect(silent.map((tick) => fleet.said(tick))).toEqual([]);
    expect(ticks.map((tick) => fleet.runsPerTick(tick, tick)[0]).filter((runs = 0) => runs > 1)).toEqual([]);
  });
});
