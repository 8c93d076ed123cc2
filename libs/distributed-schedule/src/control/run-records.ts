/** The newest run of each task, for people who ask any instance. Written by the instance that ran it; decides nothing. */

import { RUN, RUN_TTL_MS } from '../protocol/board/board-keys.js';
import type { BoardView } from '../protocol/board/board-room.js';
import type { TickListener } from '../protocol/contract/observer.js';
import { hasRun, type TickReport } from '../protocol/contract/outcome.js';
import { lifetimeMs } from './added-task-records.js';
import { type RunRecord, recordOn } from './control-records.js';

/**
 * Of many tasks a run is written this often, as every instance reads it; of few at once, so that others know what had ended. Of
 * more than a hundred it is so many ms for each: twenty records a second, whatever their number.
 */
const RECORD_EVERY_MS = 5_000;
const MS_PER_TASK = 50;
const MAX_RECORD_EVERY_MS = 60_000;
const FEW_TASKS = 20;

export class RunRecords implements TickListener {
  private readonly unwritten = new Map<string, RunRecord>();
  private readonly writtenMs = new Map<string, number>();

  /** @param isInCode whether a task stands in the code of this instance: such a record outlives its instances */
  constructor(
    private readonly board: BoardView,
    private readonly isInCode: (task: string) => boolean,
    /** How many tasks the instance has. */
    private readonly tasks: () => number,
  ) {}

  tickEnded({ task, tick, outcome, instanceId, durationMs = 0 }: TickReport): void {
    if (!hasRun(outcome)) return;
    const endedMs = Math.round(this.board.nowMs());
    this.unwritten.set(task, { tick, outcome, instanceId, endedMs, durationMs: Math.round(durationMs) });
  }

  newest(task: string): RunRecord | undefined {
    const [here, told] = [this.unwritten.get(task), recordOn<RunRecord>(this.board, `${RUN}${task}`)];
    if (here === undefined || told === undefined) return here ?? told;
    return here.tick > told.tick ? here : told;
  }

  /** Hands what is new to the board, of each task now and then. */
  write(isLast = false): void {
    const nowMs = this.board.nowMs();
    this.forgetOld(nowMs);
    const areFew = this.writtenMs.size <= FEW_TASKS && this.unwritten.size <= FEW_TASKS;
    for (const [task, record] of this.unwritten) {
      const isEarly =
        !areFew && nowMs - (this.writtenMs.get(task) ?? Number.NEGATIVE_INFINITY) < this.everyMs;
      if (isEarly && !isLast) continue;
      this.unwritten.delete(task);
      this.writtenMs.set(task, nowMs);
      // A long run of an older tick ends after a newer one.
      if ((recordOn<RunRecord>(this.board, `${RUN}${task}`)?.tick ?? 0) > record.tick) continue;
      const ttlMs = this.isInCode(task) ? RUN_TTL_MS : lifetimeMs(this.board, task, RUN_TTL_MS);
      // The task was removed, or has gone by itself, while this run went on.
      if (ttlMs === 0) continue;
      this.board.post(`${RUN}${task}`, JSON.stringify(record), ttlMs);
    }
  }

  /** When a task was written longer ago holds nothing back; it may be gone. */
  private forgetOld(nowMs: number): void {
    for (const [task, writtenMs] of this.writtenMs) {
      if (nowMs - writtenMs >= this.everyMs) this.writtenMs.delete(task);
    }
  }

  private get everyMs(): number {
    return Math.min(Math.max(RECORD_EVERY_MS, this.tasks() * MS_PER_TASK), MAX_RECORD_EVERY_MS);
  }
}
