import type { Schedule } from '../contract/tick-context.js';

const SECOND_MS = 1_000;

export class EverySecondSchedule implements Schedule {
  readonly description = 'every second';

  nextAfter(atMs: number): number {
    return (Math.floor(atMs / SECOND_MS) + 1) * SECOND_MS;
  }
}
