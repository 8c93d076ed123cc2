import { describe, expect, it } from 'vitest';
import type { VotingNode } from '#src/protocol/contract/ports.js';
import { every, reportsOf, taskOf } from '../../../support/tasks.js';
import { aroundNode } from '../../../support/wrapped-node.js';
import { cuttable, Directory, idle, SILENT, Stage } from './audit-stage.js';

describe('the audit at the start of an instance', () => {
  /** Runs for a while, is stopped, and nobody is there for so long. */
  async function downFor(downMs: number, task = idle): Promise<Stage> {
    const stage = new Stage();
    const first = stage.join([task]);
    await stage.settle();
    await first.scheduler.stop();
    stage.cluster.clock.jump(downMs);
    return stage;
  }

  it('counts what came due while no instance was there, once per task', async () => {
    const stage = await downFor(60_000);
    stage.join([idle]);
    await stage.cluster.clock.advance(6_000);
    expect(stage.told).toHaveLength(1);
    const finding = stage.told[0]?.finding;
    expect(finding).toMatchObject({ outcome: 'missed', cause: 'while_down', certain: true });
    expect(finding?.ticks).toBeGreaterThanOrEqual(59);
    expect(finding?.ticks).toBeLessThanOrEqual(60);
    expect(stage.cluster.members[1]?.scheduler.status().audit.missed).toBe(finding?.ticks);
  });

  it.each([50, 250, 450, 950])(
    'leaves out no tick before its own first one, %i ms after a tick',
    async (ms) => {
      let lastRun = 0;
      const task = taskOf(({ tick }) => {
        lastRun = tick;
      });
      const stage = await downFor(60_000, task);
      const { clock } = stage.cluster;
      clock.jump(1_000 + ms - (clock.wallMs() % 1_000));
      const startedMs = clock.wallMs();
      const ranBefore = lastRun;
      stage.join([task]);
      await clock.advance(6_000);
      const [finding] = stage.told.map((one) => one.finding);
      expect(finding?.tick).toBe(Math.floor(startedMs / 1_000) * 1_000);
      expect(finding?.ticks).toBe(((finding?.tick ?? 0) - ranBefore) / 1_000);
      // Somebody who slept may start a tick until its lateness limit.
      expect(finding?.certain).toBe(ms > 400 + 150);
    },
  );

  it.each([50, 600])(
    'counts no tick that has ended here, where no node answered until later: started %i ms after a tick',
    async (ms) => {
      let lastRun = 0;
      const task = taskOf(({ tick }) => {
        lastRun = tick;
      });
      const stage = await downFor(20_000, task);
      const { clock } = stage.cluster;
      clock.jump(1_000 + ms - (clock.wallMs() % 1_000));
      const [startedMs, ranBefore] = [clock.wallMs(), lastRun];
      const { link, joining } = cuttable();
      link.isCut = true;
      const member = stage.join([task], joining);
      await clock.advance(7_000);
      link.isCut = false;
      await clock.advance(8_000);
      // Each second since its start has one outcome, from the first on.
      const ended = reportsOf(member.events);
      const reports = ended.map(({ tick }) => tick);
      // Also that of the second in which it waited for a first answer.
      expect(ended[0]).toMatchObject({ outcome: 'no_quorum' });
      const first = Math.ceil(startedMs / 1_000) * 1_000;
      expect(reports.slice(0, 12)).toEqual(Array.from({ length: 12 }, (_, second) => first + second * 1_000));
      // And each before it is told once, as one that nobody was there for.
      const down = stage.told.map(({ finding }) => finding).filter(({ cause }) => cause === 'while_down');
      expect(down).toMatchObject([{ tick: first - 1_000, ticks: (first - 1_000 - ranBefore) / 1_000 }]);
      const others = stage.told.map(({ finding }) => finding).filter(({ cause }) => cause !== 'while_down');
      for (const { tick } of others) expect(tick).toBeGreaterThanOrEqual(first);
    },
  );

  it('drops no tick of a time in which it stood still before the first answer', async () => {
    let lastRun = 0;
    const task = taskOf(({ tick }) => {
      lastRun = tick;
    });
    const stage = await downFor(20_000, task);
    const { clock } = stage.cluster;
    const [startedMs, ranBefore] = [clock.wallMs(), lastRun];
    const { link, joining } = cuttable();
    link.isCut = true;
    const member = stage.join([task], joining);
    await clock.advance(2_500);
    clock.jump(9_000);
    link.isCut = false;
    await clock.advance(12_000);
    const ended = reportsOf(member.events).map(({ tick }) => tick);
    const down = stage.told.map(({ finding }) => finding).filter(({ cause }) => cause === 'while_down');
    const counted = down.flatMap(({ tick, ticks }) =>
      Array.from({ length: ticks }, (_, back) => tick - back * 1_000),
    );
    const accounted = [...counted, ...ended].sort((one, other) => one - other);
    const until = Math.floor((startedMs + 20_000) / 1_000) * 1_000;
    const every1s = Array.from(
      { length: (until - ranBefore) / 1_000 },
      (_, second) => ranBefore + (second + 1) * 1_000,
    );
    expect(accounted.filter((tick) => tick <= until)).toEqual(every1s);
  });

  it('counts a thousand ticks of a task at most', async () => {
    const stage = await downFor(7_200_000);
    stage.join([idle]);
    await stage.cluster.clock.advance(6_000);
    expect(stage.told[0]?.finding.ticks).toBe(1_000);
    expect(stage.told[0]?.finding.detail).toContain('at least 1000');
  });

  it('believes the node that knows more, where one has missed the newest tick and another one is away', async () => {
    const stage = new Stage();
    const isAway = [false, false, false];
    const wrapNode = (node: VotingNode, index: number): VotingNode =>
      aroundNode(node, async (ask) => (isAway[index] ? SILENT : ask()));
    const first = stage.join([idle], { wrapNode });
    await stage.settle();
    isAway[2] = true;
    await stage.cluster.clock.advance(20_000);
    await first.scheduler.stop();
    isAway[2] = false;
    isAway[1] = true;
    stage.told.length = 0;
    stage.join([idle], { wrapNode });
    await stage.cluster.clock.advance(6_000);
    expect(stage.told.filter(({ finding }) => finding.cause === 'while_down')).toEqual([]);
  });

  it('says nothing where others have been there all the time, whatever the ledger shows', async () => {
    const stage = new Stage();
    const slow = taskOf(() => stage.cluster.clock.sleepUntil(stage.cluster.clock.monotonicMs() + 30_000));
    stage.join([slow]);
    await stage.cluster.clock.advance(20_000);
    stage.told.length = 0;
    stage.join([slow]);
    await stage.cluster.clock.advance(15_000);
    expect(stage.told).toEqual([]);
  });

  it('counts for all that start together after a time without any, and tells it once', async () => {
    const stage = await downFor(60_000);
    const directory = new Directory();
    for (const id of ['instance-2', 'instance-3', 'instance-4']) {
      directory.since.set(id, stage.cluster.clock.wallMs());
      stage.join([idle], { directory });
    }
    await stage.cluster.clock.advance(15_000);
    expect(stage.told).toHaveLength(1);
    expect(stage.told[0]?.finding.ticks).toBeGreaterThanOrEqual(59);
  });

  it('says nothing of a task that the ledger does not know, or that is due by another schedule now', async () => {
    const stage = await downFor(
      60_000,
      taskOf(() => undefined, { schedule: every(1_900) }),
    );
    stage.join([
      taskOf(() => undefined, { schedule: every(1_100) }),
      taskOf(() => undefined, { name: 'new' }),
    ]);
    await stage.cluster.clock.advance(9_000);
    expect(stage.told).toEqual([]);
  });
});
