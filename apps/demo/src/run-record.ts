import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import type { TickContext } from 'nestjs-distributed-schedule';
import { machineMonotonicMs, realNowMs } from './clock-offset.js';
import { durationMs, SETTINGS, type Settings } from './settings.js';

/** `trusted`: in the middle of a run, which could still trust its lease; only with TRUST_EVERY_MS. */
export type RunPhase = 'start' | 'trusted' | 'end' | 'aborted';

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
  /** The same moment on the monotonic clock, which all processes of a machine share: it orders lines truly. */
  readonly monotonicMs: number;
  /** Trusted lease time that was left then or a little later: read after the clock. */
  readonly trustedForMs: number;
}

@Injectable()
export class RunRecord {
  constructor(@Inject(SETTINGS) private readonly settings: Settings) {}

  async work(tick: TickContext): Promise<void> {
    const startedMs = realNowMs();
    this.append(tick, 'start', startedMs);
    const stopWitness = this.witnessTrust(tick, startedMs);
    try {
      const { isTaskDeaf } = this.settings;
      const taskMs = durationMs(this.settings, tick.task, tick.tick);
      await sleep(taskMs, undefined, isTaskDeaf ? {} : { signal: tick.signal });
      if (!isTaskDeaf) tick.assertHeld();
    } catch (error) {
      this.append(tick, 'aborted', startedMs);
      throw error;
    } finally {
      stopWitness();
    }
    this.append(tick, 'end', startedMs);
  }

  /** Writes down again and again that the run is still trusted: what shows whether two runs overlapped. */
  private witnessTrust(tick: TickContext, startedMs: number): () => void {
    const { trustEveryMs } = this.settings;
    if (trustEveryMs <= 0) return () => {};
    const timer = setInterval(() => {
      if (tick.remainingMs() > 0) this.append(tick, 'trusted', startedMs);
    }, trustEveryMs);
    return () => clearInterval(timer);
  }

  /** One write with O_APPEND: lines of several processes do not mix, and a kill -9 loses none. */
  private append(tick: TickContext, phase: RunPhase, startedMs: number): void {
    const { replica, recordFile } = this.settings;
    if (recordFile === undefined) return;
    const line: RunLine = {
      ...{ phase, task: tick.task, tick: tick.tick, token: tick.fencingToken },
      ...{ replica, instanceId: tick.instanceId, pid: process.pid, startedMs },
      ...{ atMs: realNowMs(), monotonicMs: machineMonotonicMs() },
      trustedForMs: Math.round(tick.remainingMs()),
    };
    appendFileSync(recordFile, `${JSON.stringify(line)}\n`);
  }
}
