import { describe, expect, it } from 'vitest';
import { TaskBook } from '#src/protocol/scheduler/task-book.js';
import { controlledSchedule } from '#src/protocol/schedules/controlled-schedule.js';
import { EVERY_SECOND, every, taskOf } from '../../../support/tasks.js';

const START_MS = 1_000_000;
const STAGGER_MS = 100;

function bookWith(schedule = EVERY_SECOND): TaskBook {
  const book = new TaskBook(STAGGER_MS);
  book.add(
    taskOf(() => undefined, { schedule }),
    START_MS,
  );
  return book;
}

const replacement = (schedule = EVERY_SECOND) => taskOf(() => undefined, { schedule });

describe('a book that is armed anew', () => {
  /** Every second, and how often it was asked. */
  function counted() {
    const asked: number[] = [];
    const nextAfter = (epochMs: number): number => {
      asked.push(epochMs);
      return (Math.floor(epochMs / 1_000) + 1) * 1_000;
    };
    return { asked, schedule: { description: 'counted', nextAfter } };
  }

  it('asks no schedule whose next tick is still to come: with a thousand tasks that would be one long piece', () => {
    const { asked, schedule } = counted();
    const book = bookWith(schedule);
    asked.length = 0;
    book.rearm(START_MS + 400);
    expect(asked).toEqual([]);
    expect(book.earliest()).toBe(START_MS + 1_000);
    book.rearm(START_MS + 1_700);
    expect(asked).toEqual([START_MS + 1_700]);
    expect(book.earliest()).toBe(START_MS + 2_000);
  });

  it('goes back with the clock, to ticks before the one that was next', () => {
    const book = bookWith();
    book.rearm(START_MS - 2_500);
    expect(book.earliest()).toBe(START_MS - 2_000);
    book.replace(replacement(), START_MS + 60_000);
    book.rearm(START_MS + 10_000);
    expect(book.earliest()).toBe(START_MS + 11_000);
  });

  it('asks again where nothing was due', () => {
    let isDue = false;
    const schedule = { description: 'later', nextAfter: () => (isDue ? START_MS + 5_000 : undefined) };
    const book = bookWith(schedule);
    isDue = true;
    book.rearm(START_MS + 10);
    expect(book.earliest()).toBe(START_MS + 5_000);
  });
});

describe('a task whose schedule is replaced', () => {
  it('is not contested again for a tick that was taken out already', () => {
    const book = bookWith();
    expect(book.take(START_MS + 1_000, START_MS + 1_000)).toHaveLength(1);
    book.replace(replacement(every(500)), START_MS + 1_010);
    expect(book.earliest()).toBe(START_MS + 1_500);
  });

  it('is contested for a tick that came due while the change was on its way', () => {
    const book = bookWith(every(3_600_000));
    const tick = START_MS + 400;
    const triggered = controlledSchedule(every(3_600_000), {
      isPaused: false,
      sinceMs: undefined,
      triggers: [tick],
    });
    book.replace(replacement(triggered), START_MS + 900);
    expect(book.earliest()).toBe(tick);
  });

  it('is not contested for what came due longer ago than a change takes to be seen', () => {
    const book = bookWith(every(3_600_000));
    book.replace(replacement(), START_MS + 60_500);
    expect(book.earliest()).toBe(START_MS + 60_000);
  });

  it('has no next tick in a pause, and its own one after it', () => {
    const book = bookWith();
    const paused = controlledSchedule(EVERY_SECOND, { isPaused: true, sinceMs: undefined, triggers: [] });
    book.replace(replacement(paused), START_MS + 10);
    expect(book.earliest()).toBeUndefined();
    const resumed = controlledSchedule(EVERY_SECOND, {
      isPaused: false,
      sinceMs: START_MS + 7_300,
      triggers: [],
    });
    book.replace(replacement(resumed), START_MS + 7_900);
    expect(book.earliest()).toBe(START_MS + 8_000);
  });

  it('stays unknown when it is', () => {
    const book = new TaskBook(STAGGER_MS);
    book.replace(replacement(), START_MS);
    expect(book.earliest()).toBeUndefined();
  });
});
