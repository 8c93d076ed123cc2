/** Brings the scheduler of this instance to what the plan says, and says each change once. */

import type { ControlCondition, ScheduleObserver } from '../protocol/contract/observer.js';
import type { Scheduler } from '../protocol/scheduler/scheduler.js';
import type { ControlPlan } from './control-plan.js';
import type { Decisions } from './decided-task.js';
import type { PlannedTask } from './planned-task.js';

/** Blueprints of tasks that were refused, before they are thrown away. */
const MAX_REFUSED = 100;

export class ControlReconciler {
  /** Signatures of what the scheduler has. */
  private readonly applied = new Map<string, string>();
  private readonly planned = new Map<string, PlannedTask>();
  private readonly told = new Map<string, string>();
  /** What was told of tasks that could not be applied: they are tried again with each look, and told once. */
  private readonly failures = new Map<string, string>();
  /** Whose plan may have changed: those of the newest decision first, since somebody waits for it. */
  private decided = new Set<string>();
  private readonly others = new Set<string>();

  constructor(
    private readonly plan: ControlPlan,
    private readonly scheduler: Pick<Scheduler, 'add' | 'replace' | 'remove'>,
    private readonly observer: ScheduleObserver,
  ) {}

  get tasks(): ReadonlyMap<string, PlannedTask> {
    return this.planned;
  }

  /** Brings all tasks, in one piece. */
  reconcile(): void {
    this.noteAll();
    this.work(() => false);
  }

  noteAll(): void {
    for (const names of [this.plan.names(), this.planned.keys(), this.applied.keys(), this.failures.keys()])
      for (const name of names) this.others.add(name);
  }

  note(names: readonly string[]): void {
    this.decided = new Set([...names, ...this.decided]);
    for (const name of this.failures.keys()) this.others.add(name);
  }

  /** Brings one task after the other until there is none left, or it is told that its time is over. Whether none is left. */
  work(mustPause: () => boolean): boolean {
    const decisions = this.plan.decisions();
    for (const names of [this.decided, this.others]) {
      for (const name of names) {
        names.delete(name);
        this.bring(name, decisions);
        if (mustPause()) return this.decided.size + this.others.size === 0;
      }
    }
    this.plan.tidy(this.planned, MAX_REFUSED);
    return true;
  }

  private bring(name: string, decisions: Decisions): void {
    const before = this.planned.get(name);
    try {
      const planned = this.plan.taskOf(name, decisions);
      if (planned === undefined) this.planned.delete(name);
      else this.planned.set(name, planned);
      if (planned?.task !== undefined) this.apply(planned);
      else if (this.applied.delete(name)) this.scheduler.remove(name);
      this.failures.delete(name);
    } catch (error) {
      // One task must not keep the others from what was decided about them.
      this.tellFailure(name, error);
    }
    this.tell(name, before?.conditions ?? new Map(), this.planned.get(name)?.conditions ?? new Map());
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

  private tellFailure(name: string, error: unknown): void {
    const failure = `${this.planned.get(name)?.signature} ${String(error)}`;
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
      if (detail === this.told.get(key)) continue;
      if (detail === undefined) this.told.delete(key);
      else this.told.set(key, detail);
      const [isActive, said] = [detail !== undefined, detail ?? before.get(condition) ?? ''];
      this.observer.observe({ type: 'control', task, condition, isActive, detail: said });
    }
  }
}
