import { describe, expect, it } from 'vitest';
import type { DueTick } from '#src/protocol/contract/due-tick.js';
import {
  DEFAULT_POLICIES,
  OVERLAP_POLICIES,
  type OverlapPolicy,
} from '#src/protocol/contract/task-policies.js';
import {
  type Arrival,
  chooseWaiting,
  decideArrival,
  givingWay,
  isCancelledBy,
  type RunWithLine,
} from '#src/protocol/policies/overlap.js';
import { taskOf } from '../../../support/tasks.js';

const T = 1_000_000;
const PERIOD_MS = 1_000;
const LIMIT_MS = 400;
const MISFIRE_WITHIN_MS = 5_000;
const task = taskOf(() => undefined);

function tickAt(periods: number): DueTick {
  return { task, tick: T + periods * PERIOD_MS, maxLatenessMs: LIMIT_MS };
}

interface Given {
  readonly overlap: OverlapPolicy;
  readonly isCatchingUp?: boolean;
  /** In periods after the run's tick. */
  readonly waiting?: readonly number[];
}

function runOf({ overlap, isCatchingUp = false, waiting = [] }: Given): RunWithLine {
  const policies = { ...DEFAULT_POLICIES, overlap, misfireWithinMs: MISFIRE_WITHIN_MS };
  return { policies, tick: T, isCatchingUp, waiting: waiting.map(tickAt) };
}

describe('a tick that comes due while a run goes on', () => {
  const rows: readonly [Given, arrivesAfter: number, Arrival][] = [
    [{ overlap: 'skip' }, 1, 'contest'],
    [{ overlap: 'skip', isCatchingUp: true }, 1, 'waits'],
    [{ overlap: 'skip', isCatchingUp: true, waiting: [1] }, 2, 'waits'],
    [{ overlap: 'buffer_one' }, 1, 'waits'],
    [{ overlap: 'buffer_one', waiting: [1] }, 2, 'refused'],
    [{ overlap: 'buffer_one', isCatchingUp: true, waiting: [1] }, 2, 'waits'],
    [{ overlap: 'cancel_other' }, 1, 'waits'],
    [{ overlap: 'cancel_other', waiting: [1] }, 2, 'waits'],
    [{ overlap: 'cancel_other', isCatchingUp: true }, 1, 'waits'],
    [{ overlap: 'allow' }, 1, 'contest'],
    [{ overlap: 'allow', isCatchingUp: true }, 1, 'contest'],
    ...OVERLAP_POLICIES.flatMap((overlap): [Given, number, Arrival][] => [
      [{ overlap, isCatchingUp: true }, 0, 'contest'],
      [{ overlap }, -1, 'contest'],
    ]),
  ];

  it.each(rows)('%o, %i periods later: %s', (given, periods, arrival) => {
    expect(decideArrival(runOf(given), tickAt(periods))).toBe(arrival);
  });
});

describe('a waiting tick whose time has come', () => {
  it.each(OVERLAP_POLICIES)('ends the run where the policy is cancel_other: %s', (overlap) => {
    expect(isCancelledBy(runOf({ overlap }), T + 1)).toBe(overlap === 'cancel_other');
  });

  it('does not end the run of its own tick, nor one that makes up for what was missed', () => {
    expect(isCancelledBy(runOf({ overlap: 'cancel_other' }), T)).toBe(false);
    expect(isCancelledBy(runOf({ overlap: 'cancel_other', isCatchingUp: true }), T + 1)).toBe(false);
  });
});

describe('waiting ticks', () => {
  const waitsOf = (given: Given, newest: number): readonly DueTick[] =>
    givingWay(runOf(given), tickAt(newest));

  it('give way to a newer one when their own limit has passed, where each cancels the one before', () => {
    expect(waitsOf({ overlap: 'cancel_other', waiting: [1, 2] }, 2)).toEqual([tickAt(1)]);
  });

  it('wait for ever where one may be buffered', () => {
    expect(waitsOf({ overlap: 'buffer_one', waiting: [1] }, 900)).toEqual([]);
  });

  it('wait as long as the bound of misfire allows while missed ticks are made up for', () => {
    const given = { overlap: 'skip', isCatchingUp: true, waiting: [1, 2, 7] } as const;
    expect(waitsOf(given, 7)).toEqual([tickAt(1)]);
  });

  it('are a thousand at most', () => {
    const waiting = Array.from({ length: 1_002 }, (_, index) => index / 1_000);
    const given = { overlap: 'skip', isCatchingUp: true, waiting } as const;
    expect(waitsOf(given, 1.002)).toEqual([tickAt(0), tickAt(0.001)]);
  });
});

describe('the waiting tick that starts when the run has ended', () => {
  const end = T + 3 * PERIOD_MS;
  const chosen = (given: Given, nowMs = end): DueTick | undefined => chooseWaiting(runOf(given), nowMs, end);

  it('is the newest that is in time where it has cancelled the run', () => {
    expect(chosen({ overlap: 'cancel_other', waiting: [1, 2.8, 2.9] })).toEqual(tickAt(2.9));
    expect(chosen({ overlap: 'cancel_other', waiting: [1] })).toBeUndefined();
  });

  it('is the buffered one, however late', () => {
    expect(chosen({ overlap: 'buffer_one', waiting: [1] })).toMatchObject({
      because: 'buffered',
      tick: T + PERIOD_MS,
    });
  });

  it('is one that came after the end of the run only while it is in time', () => {
    const given = { overlap: 'buffer_one', waiting: [4] } as const;
    expect(chosen(given, T + 4 * PERIOD_MS + LIMIT_MS)).toEqual(tickAt(4));
    expect(chosen(given, T + 4 * PERIOD_MS + LIMIT_MS + 1)).toBeUndefined();
  });

  it('is the oldest within the bound of misfire while missed ticks are made up for', () => {
    const given = { overlap: 'skip', isCatchingUp: true, waiting: [1, 2, 3] } as const;
    expect(chosen(given)).toMatchObject({ tick: T + PERIOD_MS, because: 'missed' });
    expect(chosen(given, T + PERIOD_MS + MISFIRE_WITHIN_MS + 1)).toMatchObject({ tick: T + 2 * PERIOD_MS });
    expect(chosen({ ...given, waiting: [3] })).toEqual(tickAt(3));
  });
});
