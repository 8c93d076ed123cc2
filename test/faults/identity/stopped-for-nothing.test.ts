/** What ends ticks, or a whole fleet, although enough servers and instances are well. */

import { describe, expect, it } from 'vitest';
import { claimAnswersLost } from '../../support/faults/answer-faults.js';
import { eventually } from '../../support/faults/fault.js';
import { untilTime } from '../../support/stage.js';
import { Fleet } from './fleet.js';

/** The fleet claims nothing while a run goes on. An emptied master gives the bad instance a lock after 3 to 4.1 s. */
const RUN_MS = 5_500;
const PERIOD_MS = 6_000;

describe.concurrent('an instance with one of three masters as its only node, and that master emptied', () => {
  // Whoever claims first is on record on an empty master.
  it('does not stop the fleet of three, and the master votes for the fleet again', async () => {
    const fleet = await Fleet.open({ env: { TASK_MS: String(RUN_MS) } });
    try {
      const [emptied, second] = fleet.masters;
      if (emptied === undefined || second === undefined) throw new Error('no masters');
      await emptied.kill();
      const bad = await fleet.joinWith([emptied], { TASKS: 'invoice' });
      const before = await fleet.runsAfter(Date.now());
      await emptied.restartEmpty();

      const next = before + PERIOD_MS;
      await untilTime(next + 700);
      const story = `the bad instance ran ${fleet.record.starts('invoice').length} ticks; ${fleet.said(next)}`;
      expect(fleet.runsPerTick(next, next), story).toEqual([1]);
      expect(fleet.record.starts('invoice'), story).toEqual([]);

      await bad.kill('SIGKILL');
      second.pause();
      await expect(fleet.runsAfter(next)).resolves.toBe(next + PERIOD_MS);
    } finally {
      await fleet.close();
    }
  });
});

const TIMES = 3;
/** Instances look after no tick of their first 5 s. */
const WATCHED_AFTER_MS = 3_000;
/** The audit waits until nobody can run the tick any more. */
const TOLD_WITHIN_MS = 8_000;

describe.concurrent('a claim that servers have granted, and whose answers are lost', () => {
  // Whoever takes the own claim for somebody else's lets its tick end without a run and without a word.
  it.each([
    [1, 'a reset'],
    [3, 'one hiccup of all connections'],
  ])('does not cost its tick, or somebody says that it did: %i server(s), %s', async (masters) => {
    const fleet = await Fleet.open({ masters });
    try {
      const ticks: number[] = [];
      await untilTime(Date.now() + WATCHED_AFTER_MS);
      for (let time = 0; time < TIMES; time += 1) {
        await claimAnswersLost(fleet.links(), masters).strike();
        // The first bid comes 30 ms before its tick.
        const tick = Math.round(Date.now() / 1_000) * 1_000;
        ticks.push(tick);
        await fleet.runsAfter(tick);
      }
      const runs = (tick: number): number => fleet.runsPerTick(tick, tick)[0] ?? 0;
      const isOver = (tick: number): boolean => runs(tick) > 0 || fleet.isToldMissed(tick);
      await eventually('all are over', () => ticks.every(isOver), TOLD_WITHIN_MS).catch(() => {});
      expect(ticks.filter((tick) => !isOver(tick)).map((tick) => fleet.said(tick))).toEqual([]);
      expect(ticks.filter((tick) => runs(tick) > 1)).toEqual([]);
    } finally {
      await fleet.close();
    }
  });
});
