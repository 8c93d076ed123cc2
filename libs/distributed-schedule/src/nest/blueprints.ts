/** Makes tasks from schedules that came over the board or from a program, each once. */

import { requirePeriod } from '../protocol/period.js';
import type { RuntimeTaskOptions } from './control-records.js';
import { createTaskBlueprint, type TaskBlueprint } from './exclusive-task.factory.js';
import type { TaskSurroundings } from './schedule.factory.js';
import { definitionOf, type ScheduleData } from './schedule-data.js';

export class Blueprints {
  /** What was made last, by task and origin. */
  private readonly made = new Map<string, { readonly words: string; readonly blueprint: TaskBlueprint }>();

  constructor(
    private readonly surroundings: () => TaskSurroundings,
    private readonly bidStaggerMs: number,
  ) {}

  /**
   * @param origin where it comes from, for messages
   * @throws DistributedScheduleError what {@link createTaskBlueprint} throws, DSCHED_DURATIONS
   */
  make(name: string, schedule: ScheduleData, options: RuntimeTaskOptions, origin: string): TaskBlueprint {
    const words = JSON.stringify([schedule, options]);
    const key = `${origin} ${name}`;
    const known = this.made.get(key);
    if (known?.words === words) return known.blueprint;
    const blueprint = createTaskBlueprint(
      { decorator: origin, options: { ...options, name }, schedule: definitionOf(schedule) },
      { className: '', method: name },
      this.surroundings(),
    );
    requirePeriod({ ...blueprint, handler: () => undefined }, this.surroundings().nowMs, this.bidStaggerMs);
    this.made.set(key, { words, blueprint });
    return blueprint;
  }
}
