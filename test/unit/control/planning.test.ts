/** What a change of few tasks costs among many: the others are not planned anew, and of many not all in one piece. */

import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { ControlPlan } from '#src/control/control-plan.js';
import { PlanningSlices } from '#src/control/planning-slices.js';
import { decided, pair, SEEN_MS } from './pair.js';

const HOURLY = { runs: 'send', cron: '0 * * * *', timeZone: 'UTC' };

/** Calls since it was made, by task. */
function plannedTasks(): readonly string[] {
  const names: string[] = [];
  const taskOf = ControlPlan.prototype.taskOf;
  const spy = vi.spyOn(ControlPlan.prototype, 'taskOf').mockImplementation(function (
    this: ControlPlan,
    ...args
  ) {
    names.push(args[0]);
    return taskOf.apply(this, args);
  });
  onTestFinished(() => spy.mockRestore());
  return names;
}

describe('planning', () => {
  it('plans a task that is added, paused, moved or removed, and no other one, on each instance', async () => {
    const { stage, one, other } = await pair();
    for (let index = 0; index < 5; index += 1)
      await decided(stage, one.control.add({ ...HOURLY, name: `customer ${index}` }));
    await stage.clock.advance(SEEN_MS);
    const planned = plannedTasks();
    await decided(stage, one.control.add({ ...HOURLY, name: 'another' }));
    await decided(stage, one.control.pause('customer 1'));
    await decided(stage, one.control.reschedule('customer 2', { everyMs: 60_000 }));
    await decided(stage, one.control.remove('customer 3'));
    await stage.clock.advance(SEEN_MS);
    expect(new Set(planned)).toEqual(new Set(['another', 'customer 1', 'customer 2', 'customer 3']));
    expect(other.scheduled.has('another')).toBe(true);
    expect(other.scheduled.has('customer 3')).toBe(false);
    expect(other.task('customer 1').state).toBe('paused');
  });
});

describe('planning in slices', () => {
  /** Of one task, on the clock of the test. */
  const TASK_MS = 2;
  const SLICE_MS = 5;

  function slices(): {
    readonly planning: PlanningSlices;
    readonly perSlice: string[][];
    readonly clock: { nowMs: number };
  } {
    const clock = { nowMs: 0 };
    const perSlice: string[][] = [];
    let open: string[] = [];
    const reconciler = {
      note: (names: readonly string[]) => {
        open = [...names, ...open];
      },
      noteAll: () => {
        open = Array.from({ length: 20 }, (_, index) => `task ${index}`);
      },
      work: (isOver: () => boolean) => {
        const done: string[] = [];
        perSlice.push(done);
        for (let name = open.shift(); name !== undefined; name = open.shift()) {
          done.push(name);
          clock.nowMs += TASK_MS;
          if (isOver()) return open.length === 0;
        }
        return true;
      },
    };
    const planning = new PlanningSlices(reconciler, {
      clock: {
        monotonicMs: () => clock.nowMs,
        sleepUntil: async (untilMs) => {
          await new Promise((resolve) => setImmediate(resolve));
          clock.nowMs = Math.max(clock.nowMs, untilMs);
        },
      },
      stopped: new AbortController().signal,
      observer: {
        observe: (event) => {
          throw event;
        },
      },
    });
    return { planning, perSlice, clock };
  }

  it('pauses after each slice of time, until all is done', async () => {
    const { planning, perSlice } = slices();
    planning.news();
    expect(perSlice).toHaveLength(1);
    await planning.settled();
    const most = Math.ceil(SLICE_MS / TASK_MS);
    expect(perSlice.map((names) => names.length)).toEqual([...Array(6).fill(most), 20 - 6 * most]);
  });

  it('plans what somebody has just decided within the call, whatever is left of the others', async () => {
    const { planning, perSlice } = slices();
    planning.news();
    planning.news(['decided']);
    // No further slice in this turn of the event loop: the answers of several nodes come in one.
    expect(perSlice[1]).toEqual(['decided']);
    await planning.settled();
    expect(perSlice.flat()).toHaveLength(21);
  });
});
