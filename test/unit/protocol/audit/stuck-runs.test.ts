import { describe, expect, it } from 'vitest';
import { StuckRuns } from '#src/protocol/audit/stuck-runs.js';
import type { AuditFinding } from '#src/protocol/contract/audit-finding.js';
import { DEFAULT_POLICIES } from '#src/protocol/contract/task-policies.js';
import type { Schedule } from '#src/protocol/contract/tick-context.js';
import { RunRegister } from '#src/protocol/run/run-register.js';
import { createTickContext } from '#src/testing/tick-context.factory.js';
import { EVERY_SECOND, every, taskOf } from '../../../support/tasks.js';

const HOUR_MS = 3_600_000;

/** One handler that has been called at 0, and the audit of it on a clock that the test sets. */
class Stage {
  nowMs = 0;
  asked = 0;
  readonly told: AuditFinding[] = [];
  readonly firsts: boolean[] = [];
  readonly register = new RunRegister();
  readonly stuck: StuckRuns;

  constructor(schedule: Schedule | undefined, timeoutMs?: number) {
    const policies = { ...DEFAULT_POLICIES, ...(timeoutMs !== undefined && { timeoutMs }) };
    const counted = schedule && {
      ...schedule,
      nextAfter: (epochMs: number) => {
        this.asked += 1;
        return schedule.nextAfter(epochMs);
      },
    };
    this.stuck = new StuckRuns(
      { instanceId: 'one', clusterClock: { nowMs: () => this.nowMs }, register: this.register },
      { taskOf: () => counted && taskOf(() => undefined, { schedule: counted, policies }) },
      (finding, isFirst) => {
        this.told.push(finding);
        this.firsts.push(isFirst);
      },
    );
    this.begin();
  }

  begin(): void {
    this.register.begin(createTickContext({ task: 'settle', tick: 0 }), this.nowMs);
    this.stuck.started('settle');
  }

  /** Looks whenever there is something to look at, as the loop does. Gives when it told something. */
  until(endMs: number): readonly number[] {
    const times: number[] = [];
    while (this.stuck.nextMs <= endMs) {
      this.nowMs = this.stuck.nextMs;
      const before = this.told.length;
      this.stuck.look();
      if (this.told.length > before) times.push(this.nowMs);
    }
    this.nowMs = endMs;
    return times;
  }
}

describe('a run that goes on', () => {
  it('is told after a minute, with pauses that double up to an hour', () => {
    const minutes = new Stage(EVERY_SECOND).until(5 * HOUR_MS).map((ms) => ms / 60_000);
    expect(minutes).toEqual([1, 2, 4, 8, 16, 32, 64, 124, 184, 244]);
  });

  it('is told after three ticks where those take longer', () => {
    expect(new Stage(every(30_000)).until(100_000)).toEqual([90_000]);
    expect(new Stage(every(24 * HOUR_MS)).until(73 * HOUR_MS).at(0)).toBe(72 * HOUR_MS);
  });

  it('is told ten seconds after its timeoutMs, whatever its ticks', () => {
    expect(new Stage(every(24 * HOUR_MS), 5_000).until(20_000)).toEqual([15_000]);
  });

  it('is told after an hour where its task is due no more, is gone, or has a schedule that throws', () => {
    const broken: Schedule = {
      description: 'broken',
      nextAfter: () => {
        throw new Error('a bug');
      },
    };
    const once: Schedule = { description: 'once', nextAfter: (ms) => (ms < 500 ? 500 : undefined) };
    for (const schedule of [once, undefined, broken])
      expect(new Stage(schedule).until(HOUR_MS + 1)).toEqual([HOUR_MS]);
  });

  it('costs no look at its schedule in its first minute', () => {
    const stage = new Stage(EVERY_SECOND);
    stage.until(59_999);
    expect(stage.asked).toBe(0);
  });

  it('is told for the first time once, and each run by itself', () => {
    const stage = new Stage(EVERY_SECOND);
    stage.until(30_000);
    stage.begin();
    stage.until(130_000);
    expect(stage.firsts).toEqual([true, true, false]);
  });

  it('is told no more when its handler has returned, and nothing is left to look at', () => {
    const stage = new Stage(EVERY_SECOND);
    stage.until(70_000);
    for (const run of stage.register.all()) stage.register.end(run);
    stage.until(10 * HOUR_MS);
    expect(stage.told).toHaveLength(1);
    expect(stage.stuck.nextMs).toBe(Number.POSITIVE_INFINITY);
  });
});
