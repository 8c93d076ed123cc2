import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICIES } from '#src/protocol/contract/task-policies.js';
import type { Schedule, ScheduledTask } from '#src/protocol/contract/tick-context.js';
import { TimeoutSchedule } from '#src/protocol/timeouts/timeout.schedule.js';
import { type JoinOptions, type Member, MemoryCluster } from '#src/testing/memory-cluster.js';
import { every } from '../../../support/tasks.js';
import { onceFor, Stage } from './audit-stage.js';

describe('the audit of what nobody was there for', () => {
  const startsOf = ({ events }: Member): number => events.filter(({ type }) => type === 'started').length;

  const atOnly = (atMs: number): Schedule => ({
    description: 'once',
    nextAfter: (epochMs) => (epochMs < atMs ? atMs : undefined),
  });

  /** A task of which the ledger knows nothing, and whose only instant passes while no instance is there. */
  async function passedWhileDown(
    countsFrom: (startMs: number) => Partial<ScheduledTask>,
    joining: JoinOptions = {},
    meanwhile: (cluster: MemoryCluster) => void = () => undefined,
  ): Promise<Stage> {
    const stage = new Stage();
    const startMs = stage.cluster.clock.wallMs();
    const oneShot = stage.task(0, {
      name: 'one shot',
      schedule: atOnly(startMs + 20_000),
      ...countsFrom(startMs),
    });
    const first = stage.join([oneShot], joining);
    await stage.advance(10_000);
    await first.scheduler.stop();
    stage.cluster.clock.jump(60_000);
    meanwhile(stage.cluster);
    stage.cluster.clock.jump(60_000);
    stage.join([oneShot], joining);
    await stage.advance(6_000);
    return stage;
  }

  it('tells the only instant of a task that was added before it and that nobody could run', async () => {
    const stage = await passedWhileDown((startMs) => ({ countsFromMs: startMs + 5_000 }));
    expect(stage.told.map(({ finding }) => finding)).toMatchObject([
      { task: 'one shot', ticks: 1, outcome: 'missed', cause: 'while_down', certain: true },
    ]);
  });

  it('is certain although one node has lost its memory since: one of the other two would know of a run', async () => {
    const stage = await passedWhileDown(
      (startMs) => ({ countsFromMs: startMs + 5_000 }),
      {},
      ({ nodes }) => nodes[0]?.loseMemory('restart'),
    );
    expect(stage.told.map(({ finding }) => finding)).toMatchObject([{ cause: 'while_down', certain: true }]);
  });

  it('says nothing of an instant that lies before the task was added, or of a task that was never seen', async () => {
    const added = await passedWhileDown((startMs) => ({ countsFromMs: startMs + 30_000 }));
    const unknown = await passedWhileDown(() => ({}));
    expect([...added.told, ...unknown.told]).toEqual([]);
  });

  it('says nothing of a task that runs once: whoever comes takes it up', async () => {
    const stage = await passedWhileDown(
      (startMs) => ({ schedule: new TimeoutSchedule(startMs + 20_000, 'once'), countsFromMs: startMs }),
      onceFor('one shot'),
    );
    expect(stage.told).toEqual([]);
  });

  it('says nothing of what ran, and whose line nodes have forgotten since, and nobody runs it again', async () => {
    const stage = new Stage();
    const startMs = stage.cluster.clock.wallMs();
    const policies = { ...DEFAULT_POLICIES, misfire: 'all', misfireWithinMs: 3_600_000 } as const;
    const added = { countsFromMs: startMs, isPrunable: true, policies };
    const oneShot = stage.task(0, { name: 'one shot', schedule: atOnly(startMs + 5_000), ...added });
    const first = stage.join([oneShot]);
    await stage.advance(10_000);
    expect(startsOf(first)).toBe(1);
    await first.scheduler.stop();
    stage.cluster.clock.jump(60_000);
    for (const node of stage.cluster.nodes) {
      const reply = await node.connect({ label: 'node' }).prune({ windowMs: 0, restMs: 0 });
      expect(reply).toMatchObject({ value: { pruned: 1 } });
    }
    const second = stage.join([oneShot]);
    await stage.advance(20_000);
    expect(startsOf(second)).toBe(0);
    expect(stage.told).toEqual([]);
  });

  it('does not count what it has made up for itself by then, and is certain of nothing that may still be', async () => {
    const stage = new Stage();
    const policies = { ...DEFAULT_POLICIES, misfire: 'latest', misfireWithinMs: 3_600_000 } as const;
    const task = stage.task(0, { policies, schedule: every(10_000) });
    const first = stage.join([task]);
    await stage.advance(12_000);
    await first.scheduler.stop();
    stage.cluster.clock.jump(62_000);
    const joinedMs = stage.cluster.clock.wallMs();
    const second = stage.join([task]);
    await stage.advance(6_000);
    const [made] = second.events.flatMap((event) => (event.type === 'started' ? [event.tick] : []));
    expect(made).toBeLessThan(joinedMs);
    expect(stage.told.map(({ finding }) => finding)).toMatchObject([
      { cause: 'while_down', ticks: 5, certain: false, tick: (made ?? 0) - 10_000 },
    ]);
  });

  it('counts from a decision on that is younger than the newest claim', async () => {
    const stage = new Stage();
    const first = stage.join([stage.task(0)]);
    await stage.advance(10_700);
    await first.scheduler.stop();
    const decidedMs = stage.cluster.clock.wallMs();
    stage.cluster.clock.jump(120_000);
    stage.join([stage.task(0, { schedule: every(60_000), countsFromMs: decidedMs })]);
    await stage.advance(6_000);
    // The second one could still be started in time, though by nobody who comes after it.
    expect(stage.told.map(({ finding }) => finding)).toMatchObject([
      { cause: 'while_down', ticks: 2, certain: false },
    ]);
  });
});
