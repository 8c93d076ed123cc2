/** The instants of one expression over a stretch of time, worked out once for all instances of a simulated world. */

import type { Schedule } from '#src/protocol/contract/tick-context.js';

/**
 * Answers like the schedule that it was made of, and remembers the answers: a schedule is a pure function, and reading an
 * expression five times over for five instances would take longer than all the rest.
 */
export class RememberedSchedule implements Schedule {
  readonly description: string;
  private readonly answers = new Map<number, number | undefined>();

  constructor(private readonly schedule: Schedule) {
    this.description = schedule.description;
  }

  nextAfter(epochMs: number): number | undefined {
    // Instants are whole seconds, so nothing lies between this second's beginning and epochMs.
    const second = Math.floor(epochMs / 1_000) * 1_000;
    if (!this.answers.has(second)) this.answers.set(second, this.schedule.nextAfter(second));
    return this.answers.get(second);
  }
}
