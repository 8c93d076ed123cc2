/** The scheduler with tasks that run once: what others hear with their beats, and what an instance finds that comes later. */

import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICIES } from '#src/protocol/contract/task-policies.js';
import type { TickContext } from '#src/protocol/contract/tick-context.js';
import { TimeoutSchedule } from '#src/protocol/timeouts/timeout.schedule.js';
import { TimeoutLedger } from '#src/protocol/timeouts/timeout-ledger.js';
import { type Member, MemoryCluster } from '#src/testing/memory-cluster.js';
import { reportsOf, taskOf } from '../../../support/tasks.js';

const NEVER = new Promise<never>(() => undefined);

class OnceStage {
  readonly cluster = new MemoryCluster();
  readonly runs: { readonly by: Member; readonly attempt: number; readonly atMs: number }[] = [];
  readonly dueMs = this.cluster.clock.wallMs() + 5_000;
  private readonly dead = new Set<Member>();

  /** @param handler what a run does; by default it ends at once */
  join(handler: (by: Member, tick: TickContext) => unknown = () => undefined): Member {
    const isDead = (): boolean => this.dead.has(member);
    const alive = <T>(work: Promise<T>): Promise<T> => work.then((value) => (isDead() ? NEVER : value));
    const task = taskOf(
      (tick) => {
        this.runs.push({ by: member, attempt: tick.attempt, atMs: this.cluster.clock.wallMs() });
        return handler(member, tick);
      },
      {
        name: 'warm up',
        schedule: new TimeoutSchedule(this.dueMs, 'once'),
        policies: { ...DEFAULT_POLICIES, recovery: 'retake' },
      },
    );
    const member = this.cluster.join([task], {
      wrapLedger: (ledger) => {
        const once = new TimeoutLedger(ledger);
        once.limit('warm up', 'build 7');
        return once;
      },
      wrapClock: (clock) => ({
        monotonicMs: () => clock.monotonicMs(),
        wallMs: () => clock.wallMs(),
        sleepUntil: (untilMs, signal) => alive(clock.sleepUntil(untilMs, signal)),
        wakeExactlyAt: (untilMs) => alive(clock.wakeExactlyAt(untilMs)),
      }),
    });
    return member;
  }

  kill(member: Member): Promise<never> {
    this.dead.add(member);
    return NEVER;
  }
}

describe('a task that runs once', () => {
  it('is taken up again by another instance soon after its own died, and then by nobody', async () => {
    const stage = new OnceStage();
    const dies = (by: Member, { attempt }: TickContext): unknown =>
      attempt === 1 ? stage.kill(by) : undefined;
    for (const handler of [dies, dies, dies]) stage.join(handler);
    await stage.cluster.clock.advance(5_000 + 9_000);
    expect(stage.runs.map(({ attempt }) => attempt)).toEqual([1, 2]);
    expect(stage.runs[1]?.by).not.toBe(stage.runs[0]?.by);
    await stage.cluster.clock.advance(60_000);
    expect(stage.runs).toHaveLength(2);
  });

  it('has missed nothing while nobody was there after its run, and is not run again', async () => {
    const stage = new OnceStage();
    const first = stage.join();
    await stage.cluster.clock.advance(6_000);
    expect(stage.runs).toHaveLength(1);
    await first.scheduler.stop();
    stage.cluster.clock.jump(60_000);
    const second = stage.join();
    await stage.cluster.clock.advance(30_000);
    expect(stage.runs).toHaveLength(1);
    expect(second.events.filter(({ type }) => type === 'audit')).toEqual([]);
    expect(new Set(reportsOf(second.events).map(({ outcome }) => outcome))).toEqual(new Set(['taken']));
  });
});
