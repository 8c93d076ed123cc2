import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import type { TickContext } from 'nestjs-distributed-schedule';
import { realNowMs } from './clock-offset.js';
import { SETTINGS, type Settings } from './settings.js';

export type RunPhase = 'start' | 'end' | 'aborted';

/** One line of a record file. Written by the handler itself, so it owes nothing to what the library reports. */
export interface RunLine {
  readonly phase: RunPhase;
  readonly task: string;
  readonly tick: number;
  readonly token: number;
  readonly replica: string;
  readonly instanceId: string;
  readonly pid: number;
  /** Real epoch ms at which the run started, and at which this line was written. */
  readonly startedMs: number;
  readonly atMs: number;
  /** Trusted lease time that was left then, ms. */
  readonly trustedForMs: number;
}

/** Does the work of a task, which is to take a while, and writes down that it happened. */
@Injectable()
export class RunRecord {
  constructor(@Inject(SETTINGS) private readonly settings: Settings) {}

  async work(tick: TickContext): Promise<void> {
    const startedMs = realNowMs();
    this.append(tick, 'start', startedMs);
    try {
      const { taskMs, isTaskDeaf } = this.settings;
      await sleep(taskMs, undefined, isTaskDeaf ? {} : { signal: tick.signal });
      if (!isTaskDeaf) tick.assertHeld();
    } catch (error) {
      this.append(tick, 'aborted', startedMs);
      throw error;
    }
    this.append(tick, 'end', startedMs);
  }

  /** One write with O_APPEND: lines of several processes do not mix, and a kill -9 loses none. */
  private append(tick: TickContext, phase: RunPhase, startedMs: number): void {
    const { replica, recordFile } = this.settings;
    if (recordFile === undefined) return;
    const line: RunLine = {
      phase,
      task: tick.task,
      tick: tick.tick,
      token: tick.fencingToken,
      replica,
      instanceId: tick.instanceId,
      pid: process.pid,
      startedMs,
      atMs: realNowMs(),
      trustedForMs: Math.round(tick.remainingMs()),
    };
    appendFileSync(recordFile, `${JSON.stringify(line)}\n`);
  }
}
