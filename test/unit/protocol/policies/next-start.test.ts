import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DueTick } from '#src/protocol/contract/due-tick.js';
import {
  closingInstant,
  DEFAULT_POLICIES,
  DEFAULT_RETRY,
  MISFIRE_POLICIES,
  MOST_ATTEMPTS,
  type TaskPolicies,
} from '#src/protocol/contract/task-policies.js';
import type { ScheduledTask } from '#src/protocol/contract/tick-context.js';
import { toPast } from '#src/protocol/ledger/line-past.js';
import { decideStart, tickOfInstant } from '#src/protocol/policies/next-start.js';
import { every, taskOf } from '../../../support/tasks.js';

const PERIOD_MS = 1_000;
const T = 1_000_000;

function task(policies: Partial<TaskPolicies>, given: Partial<ScheduledTask> = {}): ScheduledTask {
  return taskOf(() => undefined, {
    schedule: every(PERIOD_MS),
    policies: { ...DEFAULT_POLICIES, ...policies },
    ...given,
  });
}

function dueAt(of: ScheduledTask, tick: number): DueTick {
  return { task: of, tick, maxLatenessMs: 400 };
}

describe('what a task starts next', () => {
  it('is the tick that is due, as long as the ledger has not reached it', () => {
    const of = task({});
    const due = dueAt(of, T);
    expect(decideStart({ task: of, past: toPast({ newest: T - PERIOD_MS }), nowMs: T, due })).toBe(due);
    expect(decideStart({ task: of, past: toPast({ newest: T }), nowMs: T, due })).toBeUndefined();
    expect(decideStart({ task: of, past: toPast({ newest: T + 500 }), nowMs: T, due })).toBeUndefined();
  });

  it('is nothing between two ticks, without policies that look back', () => {
    const of = task({});
    expect(
      decideStart({ task: of, past: toPast({ newest: T - 50 * PERIOD_MS }), nowMs: T + 500 }),
    ).toBeUndefined();
  });

  it('is the next attempt at a tick that was claimed and has not ended', () => {
    const of = task({ recovery: 'retake' });
    const next = (newest: number) =>
      decideStart({ task: of, past: toPast({ newest }), nowMs: T + 500, due: dueAt(of, T + PERIOD_MS) });
    expect(next(T)).toMatchObject({ tick: T, attempt: 2, because: 'retake' });
    expect(next(T + 4)).toMatchObject({ tick: T, attempt: 6 });
    expect(next(closingInstant(T))).toMatchObject({ tick: T + PERIOD_MS });
  });

  it('is no attempt at a tick that was granted to nobody, but lies where the memory of a node begins', () => {
    const of = task({ recovery: 'retake' });
    const due = dueAt(of, T + PERIOD_MS);
    expect(
      decideStart({ task: of, past: toPast({ newest: T + 4, isFloor: true }), nowMs: T + 500 }),
    ).toBeUndefined();
    expect(
      decideStart({ task: of, past: toPast({ newest: T + 4, isFloor: true }), nowMs: T + 500, due }),
    ).toBe(due);
  });

  it('is no attempt beyond the last instant of a tick', () => {
    const of = task({ recovery: 'retake', mostRetakes: 99 });
    expect(
      decideStart({ task: of, past: toPast({ newest: T + MOST_ATTEMPTS - 2 }), nowMs: T + 500 }),
    ).toMatchObject({
      attempt: MOST_ATTEMPTS,
    });
    expect(
      decideStart({ task: of, past: toPast({ newest: T + MOST_ATTEMPTS - 1 }), nowMs: T + 500 }),
    ).toBeUndefined();
  });

  it('is no retake of a tick that so many instances have died of, where retries count for themselves', () => {
    const of = task({ recovery: 'retake', mostRetakes: 2 });
    expect(decideStart({ task: of, past: toPast({ newest: T + 1 }), nowMs: T + 500 })).toMatchObject({
      attempt: 3,
    });
    expect(decideStart({ task: of, past: toPast({ newest: T + 2 }), nowMs: T + 500 })).toBeUndefined();
    const retried = task({ recovery: 'retake', mostRetakes: 2, retry: { ...DEFAULT_RETRY, attempts: 4 } });
    expect(decideStart({ task: retried, past: toPast({ newest: T + 4 }), nowMs: T + 500 })).toMatchObject({
      attempt: 6,
    });
    expect(decideStart({ task: retried, past: toPast({ newest: T + 5 }), nowMs: T + 500 })).toBeUndefined();
  });

  it('is what was missed of a task that the ledger does not know, where it is known since when it counts', () => {
    const of = task({ misfire: 'latest' }, { countsFromMs: T - 500 });
    expect(decideStart({ task: of, past: toPast({ newest: 0 }), nowMs: T + 900 })).toMatchObject({
      tick: T,
      because: 'missed',
    });
  });

  it('is no retake of a tick whose time has not come, of one before the task began, and of one that is too old', () => {
    const of = task({ recovery: 'retake', recoveryWithinMs: 3_000 });
    expect(decideStart({ task: of, past: toPast({ newest: T }), nowMs: T - 20 })).toBeUndefined();
    expect(decideStart({ task: of, past: toPast({ newest: T }), nowMs: T + 3_001 })).toBeUndefined();
    const begun = task({ recovery: 'retake' }, { countsFromMs: T + 1 });
    expect(decideStart({ task: begun, past: toPast({ newest: T }), nowMs: T + 500 })).toBeUndefined();
  });

  it('is nothing that was missed, for a task that the ledger does not know', () => {
    const of = task({ misfire: 'all' });
    expect(decideStart({ task: of, past: toPast({ newest: 0 }), nowMs: T + 900 })).toBeUndefined();
  });

  it('leaves a tick that is still in time to its own contest', () => {
    const of = task({ misfire: 'all' });
    expect(
      decideStart({ task: of, past: toPast({ newest: T - PERIOD_MS }), nowMs: T + 400 }),
    ).toBeUndefined();
    expect(decideStart({ task: of, past: toPast({ newest: T - PERIOD_MS }), nowMs: T + 401 })).toMatchObject({
      tick: T,
    });
  });

  it('lets a due tick speak for all that were missed before it, where only the latest counts', () => {
    const of = task({ misfire: 'latest' });
    const due = dueAt(of, T);
    expect(decideStart({ task: of, past: toPast({ newest: T - 9 * PERIOD_MS }), nowMs: T, due })).toBe(due);
  });

  it('is the same as a search through all ticks says, for every history', () => {
    fc.assert(
      fc.property(
        fc.record({
          misfire: fc.constantFrom(...MISFIRE_POLICIES),
          newest: fc.integer({ min: T - 40 * PERIOD_MS, max: T + 2 * PERIOD_MS }),
          nowMs: fc.integer({ min: T, max: T + 2 * PERIOD_MS }),
          withinMs: fc.integer({ min: 1, max: 30 * PERIOD_MS }),
          countsFromMs: fc.option(fc.integer({ min: T - 30 * PERIOD_MS, max: T }), { nil: undefined }),
        }),
        ({ misfire, newest, nowMs, withinMs, countsFromMs }) => {
          const of = task(
            { misfire, misfireWithinMs: withinMs },
            countsFromMs === undefined ? {} : { countsFromMs },
          );
          const missed: number[] = [];
          for (let tick = T - 50 * PERIOD_MS; tick <= nowMs; tick += PERIOD_MS) {
            if (tick > newest && tick > nowMs - withinMs && tick >= (countsFromMs ?? 0)) missed.push(tick);
          }
          const chosen = { skip: undefined, latest: missed.at(-1), all: missed[0] }[misfire];
          const expected = chosen === undefined || nowMs - chosen <= 0.4 * PERIOD_MS ? undefined : chosen;
          expect(decideStart({ task: of, past: toPast({ newest }), nowMs })?.tick).toBe(expected);
        },
      ),
      { numRuns: 2_000, ...(process.env.CI === undefined ? {} : { seed: 4 }) },
    );
  });
});

describe('the tick of an instant of the ledger', () => {
  it('is found for every attempt, and for none between two ticks', () => {
    const schedule = every(PERIOD_MS);
    expect([T, T + 1, closingInstant(T)].map((instant) => tickOfInstant(schedule, instant))).toEqual([
      T,
      T,
      T,
    ]);
    expect(tickOfInstant(schedule, closingInstant(T) + 1)).toBeUndefined();
    expect(tickOfInstant(schedule, T - 1)).toBeUndefined();
    expect(tickOfInstant(schedule, 0)).toBeUndefined();
  });
});
