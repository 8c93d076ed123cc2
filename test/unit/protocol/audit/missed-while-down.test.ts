/** Counting what was missed while no instance was there, in slices: the bids of all tasks wait on the same event loop. */

import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import type { AuditParts } from '#src/protocol/audit/audit-source.js';
import { MAX_MISSED_COUNTED, MissedWhileDown } from '#src/protocol/audit/missed-while-down.js';
import type { AuditFinding } from '#src/protocol/contract/audit-finding.js';
import type { DueTick } from '#src/protocol/contract/due-tick.js';
import type { ScheduledTask } from '#src/protocol/contract/tick-context.js';
import { toAnswer } from '#src/protocol/ledger/line-past.js';

const NOW_MS = Date.parse('2026-11-30T06:00:00Z');
const WEEKEND_MS = 64 * 3_600_000;
const MINUTE_MS = 60_000;
const DECIDED_MS = 5_000;
/** Of one question to the schedule, on the clock of the stage. */
const LOOK_MS = 1;
const SLICE_MS = 5;

/** One instance that comes back after a weekend, with schedules of which every look takes a millisecond. */
class Stage {
  readonly found: Omit<AuditFinding, 'instanceId'>[] = [];
  readonly looksPerSlice: number[] = [];
  /** Tasks per message. */
  readonly asked: number[] = [];
  /** What the first message waits for. */
  firstAnswer: Promise<unknown> = Promise.resolve();
  tasks: ScheduledTask[];
  private passedMs = 0;
  private looks = 0;
  private readonly audit: MissedWhileDown;

  constructor(periodsMs: Readonly<Record<string, number>>) {
    this.tasks = Object.entries(periodsMs).map(([name, periodMs]) => this.taskOf(name, periodMs));
    const parts = {
      instanceId: 'first',
      clock: {
        monotonicMs: () => this.passedMs,
        sleepUntil: async (untilMs: number) => {
          await nextTurn();
          this.passedMs = Math.max(this.passedMs, untilMs);
        },
      },
      stopped: new AbortController().signal,
      clusterClock: { nowMs: () => NOW_MS + this.passedMs },
      members: () => ['first'],
      beat: async (dues: readonly DueTick[]) => {
        this.asked.push(dues.length);
        if (this.asked.length === 1) await this.firstAnswer;
        return dues.map(() => toAnswer({ kind: 'open', newest: NOW_MS - WEEKEND_MS }));
      },
    };
    const lookup = {
      tasks: () => this.tasks,
      taskOf: (name: string) => this.tasks.find((task) => task.name === name),
    };
    this.audit = new MissedWhileDown(parts as unknown as AuditParts, lookup, (finding) =>
      this.found.push(finding),
    );
  }

  async begin(): Promise<void> {
    await this.audit.start(NOW_MS + this.passedMs);
    this.passedMs += DECIDED_MS;
  }

  get isDone(): boolean {
    return !Number.isFinite(this.audit.nextMs);
  }

  /** As the scheduler's loop does it: when the audit wants to be asked. */
  slice(): void {
    this.passedMs = Math.max(this.passedMs, this.audit.nextMs - NOW_MS);
    const before = this.looks;
    try {
      this.audit.look();
    } finally {
      this.looksPerSlice.push(this.looks - before);
    }
  }

  private taskOf(name: string, periodMs: number): ScheduledTask {
    const nextAfter = (epochMs: number): number => {
      this.looks += 1;
      this.passedMs += LOOK_MS;
      if (name === 'broken' && epochMs > NOW_MS - WEEKEND_MS) throw new Error('no schedule');
      return (Math.floor(epochMs / periodMs) + 1) * periodMs;
    };
    return { name, handler: () => undefined, schedule: { description: name, nextAfter } };
  }
}

describe('counting what was missed while down', () => {
  it('pauses after each slice of time, and counts as if it had not', async () => {
    const stage = new Stage({ often: MINUTE_MS, hourly: 60 * MINUTE_MS, seldom: 1_000 * 3_600_000 });
    await stage.begin();
    while (!stage.isDone) stage.slice();
    // A slice may end with what it takes to tell of a task.
    expect(Math.max(...stage.looksPerSlice)).toBeLessThanOrEqual(SLICE_MS + 2);
    expect(stage.looksPerSlice.length).toBeGreaterThanOrEqual(MAX_MISSED_COUNTED / (SLICE_MS + 2));
    expect(stage.found).toMatchObject([
      { task: 'often', ticks: MAX_MISSED_COUNTED, tick: NOW_MS - WEEKEND_MS + 1_000 * MINUTE_MS },
      { task: 'hourly', ticks: 64, tick: NOW_MS },
    ]);
  });

  it('asks for many tasks in several messages, each in a turn of its own and none after the answer to the one before', async () => {
    const names = Array.from({ length: 120 }, (_, index) => `hourly ${index}`);
    const stage = new Stage(Object.fromEntries(names.map((name) => [name, 60 * MINUTE_MS])));
    let answer: (value?: unknown) => void = () => {};
    stage.firstAnswer = new Promise((resolve) => {
      answer = resolve;
    });
    const begun = stage.begin();
    expect(stage.asked).toEqual([50]);
    while (stage.asked.length < 3) await nextTurn();
    expect(stage.asked).toEqual([50, 50, 20]);
    expect(stage.isDone).toBe(true);
    answer();
    await begun;
    while (!stage.isDone) stage.slice();
    expect(stage.found.map(({ task }) => task).sort()).toEqual(names.sort());
  });

  it('does not count on for a task that is taken away meanwhile', async () => {
    const stage = new Stage({ often: MINUTE_MS, hourly: 60 * MINUTE_MS });
    await stage.begin();
    stage.slice();
    stage.tasks = stage.tasks.filter(({ name }) => name !== 'often');
    while (!stage.isDone) stage.slice();
    expect(stage.found.map(({ task }) => task)).toEqual(['hourly']);
  });

  it('counts the other tasks where one has a schedule that throws', async () => {
    const stage = new Stage({ broken: MINUTE_MS, hourly: 60 * MINUTE_MS });
    await stage.begin();
    expect(() => stage.slice()).toThrow('no schedule');
    while (!stage.isDone) stage.slice();
    expect(stage.found.map(({ task }) => task)).toEqual(['hourly']);
  });
});
