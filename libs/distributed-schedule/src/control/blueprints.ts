/** Makes tasks from schedules that came over the board or from a program, each once. */

import { requirePeriod } from '../protocol/schedules/period.js';
import type { TaskBlueprint } from '../tasks/exclusive-task.js';
import type { BuildContext } from '../tasks/schedule.factory.js';
import { definitionOf, type ScheduleData } from '../tasks/schedule-data.js';
import { createTaskBlueprint } from '../tasks/task-blueprint.js';
import type { RuntimeTaskOptions } from './control-records.js';

export class Blueprints {
  /** What was made last, by task and then by origin. */
  private readonly made = new Map<string, Map<string, Made>>();

  constructor(
    private readonly context: () => BuildContext,
    private readonly bidStaggerMs: number,
  ) {}

  /** @throws DistributedScheduleError what {@link createTaskBlueprint} throws, with `origin` in its words; DSCHED_DURATIONS */
  make(name: string, schedule: ScheduleData, options: RuntimeTaskOptions, origin: string): TaskBlueprint {
    const identity = JSON.stringify([schedule, options]);
    const ofTask = this.made.get(name) ?? new Map<string, Made>();
    const known = ofTask.get(origin);
    if (known?.identity === identity) return known.blueprint;
    const blueprint = createTaskBlueprint(
      { decorator: origin, options: { ...options, name }, schedule: definitionOf(schedule) },
      { className: '', method: name },
      this.context(),
    );
    requirePeriod({ ...blueprint, handler: () => undefined }, this.context().nowMs, this.bidStaggerMs);
    this.made.set(name, ofTask.set(origin, { identity, blueprint }));
    return blueprint;
  }

  drop(name: string): void {
    this.made.delete(name);
  }

  keepOnly(names: Pick<ReadonlySet<string>, 'has'>): void {
    for (const name of this.made.keys()) {
      if (!names.has(name)) this.made.delete(name);
    }
  }

  /** Tasks that something was made for. */
  get size(): number {
    return this.made.size;
  }
}

interface Made {
  readonly identity: string;
  readonly blueprint: TaskBlueprint;
}
