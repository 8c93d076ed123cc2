/** The records of a task that was added at run time: they live as long as one another, and the task as long as it may be due. */

import { PAUSE, PLAN, RESUMED_TTL_MS, TASK } from '../protocol/board/board-keys.js';
import type { BoardView } from '../protocol/board/board-room.js';
import { DEFAULT_POLICIES, type TaskPolicies } from '../protocol/contract/task-policies.js';
import type { ScheduleData } from '../tasks/schedule-data.js';
import { type PauseRecord, type PlanRecord, type RuntimeTaskRecord, recordOn } from './control-records.js';
import type { DecisionWriter } from './decision-writer.js';
import type { PlannedTask } from './planned-task.js';

/** Records that end together were written at different moments. */
const ROUNDING_MS = 1_000;

/** A one-off task is shown this long after its tick, and may be added again without an error. */
const KEPT_AFTER_ITS_TICK_MS = 86_400_000;

export class AddedTaskRecords {
  constructor(
    private readonly board: BoardView,
    private readonly decisions: Pick<DecisionWriter, 'write'>,
  ) {}

  planOf(name: string): ScheduleData | undefined {
    return recordOn<PlanRecord>(this.board, `${PLAN}${name}`)?.schedule;
  }

  /** Of a task that was added it lives no longer than that. */
  async writePause(name: string, source: PlannedTask['source'], record: PauseRecord): Promise<void> {
    const wantedMs = record.paused ? undefined : RESUMED_TTL_MS;
    const ttlMs = source === 'runtime' ? lifetimeMs(this.board, name, wantedMs) : wantedMs;
    await this.decisions.write(name, `${PAUSE}${name}`, record, ttlMs);
  }

  /** A task that was added, for as long as `schedule` or its own needs it. */
  async keepFor(name: string, schedule: ScheduleData | undefined, policies?: TaskPolicies): Promise<void> {
    const record = recordOn<RuntimeTaskRecord>(this.board, `${TASK}${name}`);
    if (record !== undefined) await this.keep(name, record, schedule ?? record.schedule, policies);
  }

  /** One that is due once goes by itself: a program may add one per order, and the board has an end. */
  async keep(
    name: string,
    record: RuntimeTaskRecord,
    schedule: ScheduleData,
    policies: TaskPolicies | undefined,
  ): Promise<void> {
    const keptMs = await this.put(name, record, schedule, policies);
    // Or its own schedule would count again, and it would be due a second time.
    const plan = recordOn<PlanRecord>(this.board, `${PLAN}${name}`);
    if (plan !== undefined && this.isTooShort(`${PLAN}${name}`, keptMs))
      await this.decisions.write(name, `${PLAN}${name}`, plan, keptMs);
    // Or it would go with the instant that was put off, and the task would run.
    const pause = recordOn<PauseRecord>(this.board, `${PAUSE}${name}`);
    if (pause?.paused === true && this.isTooShort(`${PAUSE}${name}`, keptMs))
      await this.writePause(name, 'runtime', pause);
  }

  async put(
    name: string,
    record: RuntimeTaskRecord,
    schedule: ScheduleData,
    policies: TaskPolicies | undefined,
  ): Promise<number | undefined> {
    const keptMs = lifeOf(schedule, Math.floor(this.board.nowMs()), policies);
    await this.decisions.write(name, `${TASK}${name}`, record, keptMs);
    return keptMs;
  }

  /** Whether a record expires before its task, which is kept for `keptMs`. */
  private isTooShort(key: string, keptMs: number | undefined): boolean {
    const { expiresAtMs = Number.POSITIVE_INFINITY } = this.board.entry(key) ?? {};
    return expiresAtMs + ROUNDING_MS < Math.floor(this.board.nowMs()) + (keptMs ?? Number.POSITIVE_INFINITY);
  }
}

/**
 * How long a record about an added task may live: no longer than the task, or the records of one-off tasks would fill the nodes.
 * Undefined: for good. 0 where the task has gone.
 */
export function lifetimeMs(
  board: Pick<BoardView, 'entry' | 'nowMs'>,
  task: string,
  wantedMs: number | undefined,
): number | undefined {
  const entry = board.entry(`${TASK}${task}`);
  if (entry === undefined) return 0;
  if (entry.expiresAtMs === undefined) return wantedMs;
  return Math.max(0, Math.min(wantedMs ?? Number.POSITIVE_INFINITY, entry.expiresAtMs - board.nowMs()));
}

/** How long the records of an added task live: for good, or as long as a policy may look back on its only tick. */
export function lifeOf(
  schedule: ScheduleData,
  nowMs: number,
  { misfireWithinMs, recoveryWithinMs }: TaskPolicies = DEFAULT_POLICIES,
): number | undefined {
  if (!('atMs' in schedule)) return undefined;
  const aheadMs = Math.max(0, schedule.atMs - nowMs);
  return aheadMs + Math.max(KEPT_AFTER_ITS_TICK_MS, misfireWithinMs, recoveryWithinMs);
}
