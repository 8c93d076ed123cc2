/** Brings the scheduler of this instance to what the plan says, and says each change once. */

import type { ControlCondition, ScheduleObserver } from '../protocol/observer.js';
import type { Scheduler } from '../protocol/scheduler.js';
import type { ControlPlan } from './control-plan.js';
import type { PlannedTask } from './planned-task.js';

export class ControlReconciler {
  /** Signatures of what the scheduler has. */
  private readonly applied = new Map<string, string>();
  private planned: ReadonlyMap<string, PlannedTask> = new Map();
  private readonly told = new Map<string, string>();
  /** What was told of tasks that could not be applied: they are tried again with each look, and told once. */
  private readonly failures = new Map<string, string>();

  /** @param adopted tasks that the scheduler has already, as their decorators define them */
  constructor(
    private readonly plan: ControlPlan,
    private readonly scheduler: Pick<Scheduler, 'add' | 'replace' | 'remove'>,
    private readonly observer: ScheduleObserver,
    adopted: readonly string[],
  ) {
    for (const name of adopted) this.applied.set(name, '');
  }

  /** The plan as it was applied last. */
  get tasks(): ReadonlyMap<string, PlannedTask> {
    return this.planned;
  }

  reconcile(): void {
    const before = this.planned;
    this.planned = this.plan.tasks();
    for (const planned of this.planned.values()) {
      try {
        this.apply(planned);
        this.failures.delete(planned.name);
      } catch (error) {
        // One task must not keep the others from what was decided about them.
        this.tellFailure(planned, error);
      }
      this.tell(planned.name, before.get(planned.name)?.conditions ?? new Map(), planned.conditions);
    }
    for (const [name, { conditions }] of before) {
      if (!this.planned.has(name)) this.tell(name, conditions, new Map());
    }
    for (const name of [...this.applied.keys()]) {
      if (this.planned.get(name)?.task !== undefined) continue;
      this.applied.delete(name);
      this.scheduler.remove(name);
    }
    for (const name of [...this.failures.keys()]) if (!this.planned.has(name)) this.failures.delete(name);
  }

  private apply({ name, task, base, signature }: PlannedTask): void {
    const applied = this.applied.get(name);
    if (task === undefined || base === undefined || applied === signature) return;
    if (applied === undefined) {
      // A trigger is no period of the task.
      this.scheduler.add({ ...task, schedule: base });
      this.applied.set(name, '');
    }
    this.scheduler.replace(task);
    // Not before: what throws is not applied.
    this.applied.set(name, signature);
  }

  private tellFailure({ name, signature }: PlannedTask, error: unknown): void {
    const failure = `${signature} ${String(error)}`;
    if (this.failures.get(name) === failure) return;
    this.failures.set(name, failure);
    this.observer.observe({ type: 'error', error, where: `control: task '${name}'` });
  }

  private tell(
    task: string,
    before: ReadonlyMap<ControlCondition, string>,
    now: ReadonlyMap<ControlCondition, string>,
  ): void {
    for (const condition of new Set([...before.keys(), ...now.keys()])) {
      const detail = now.get(condition);
      const key = `${condition} ${task}`;
      if (detail === (this.told.get(key) ?? undefined)) continue;
      if (detail === undefined) this.told.delete(key);
      else this.told.set(key, detail);
      const isActive = detail !== undefined;
      this.observer.observe({
        type: 'control',
        task,
        condition,
        isActive,
        detail: detail ?? before.get(condition) ?? '',
      });
    }
  }
}
