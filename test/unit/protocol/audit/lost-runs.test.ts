import { describe, expect, it } from 'vitest';
import { TheirClaims } from '#src/protocol/audit/their-claims.js';
import { MAX_ENDS_IN_TURN } from '#src/protocol/contract/attempt-end.js';
import type { LockProvider } from '#src/protocol/contract/ports.js';
import { DEFAULT_POLICIES } from '#src/protocol/contract/task-policies.js';
import { type JoinOptions } from '#src/testing/memory-cluster.js';
import { every, taskOf } from '../../../support/tasks.js';
import { PERIOD_MS, START_MS, Stage, type Told } from './lost-runs-stage.js';

const TTL_MS = 3_000;
/** The beat, a third of the time to live, and two questions. */
const SOON_MS = 2_500;

const withoutEnds: JoinOptions = {
  wrapLocks: (locks): LockProvider => ({
    tryAcquire: (tasks, ttlMs) => locks.tryAcquire(tasks, ttlMs),
    extend: (held, ttlMs) => locks.extend(held, ttlMs),
    release: (held) => locks.release(held),
  }),
};

describe('a run whose instance was killed', () => {
  it('is told as lost within 2.5 s, once, by the instance that has been there for longest', async () => {
    const stage = new Stage();
    stage.joinAll(stage.endless());
    const dead = await stage.untilOneRuns();
    const diedMs = stage.cluster.clock.wallMs();
    stage.kill(dead);
    await stage.advance(9_000);
    expect(stage.told).toHaveLength(1);
    const [{ finding, atMs } = stage.told[0] as Told] = stage.told;
    expect(finding).toMatchObject({ outcome: 'lost', cause: 'died', tick: START_MS + PERIOD_MS });
    expect(finding.detail).toContain(`claimed by ${dead}, whose connections have ended`);
    expect(finding.instanceId).toBe(dead === 'instance-1' ? 'instance-2' : 'instance-1');
    expect(atMs - diedMs).toBeLessThanOrEqual(SOON_MS);
    expect(atMs - diedMs).toBeGreaterThan(TTL_MS / 3);
  });

  it('is told also where another instance has claimed the next tick meanwhile', async () => {
    const stage = new Stage();
    stage.joinAll(stage.endless({}, 1_000));
    await stage.advance(8_000);
    const dead = await stage.untilOneRuns();
    const tick = stage.cluster.clock.wallMs() - (stage.cluster.clock.wallMs() % 1_000);
    await stage.advance(900 - (stage.cluster.clock.wallMs() % 1_000));
    stage.told.length = 0;
    stage.kill(dead);
    await stage.advance(4_000);
    expect(stage.lost).toHaveLength(1);
    expect(stage.lost[0]).toBeLessThanOrEqual(tick);
  });

  it('is told for each of the runs that were going on beside each other', async () => {
    const stage = new Stage();
    stage.join(stage.endless({ overlap: 'allow' }));
    await stage.advance(5_000);
    stage.join(stage.endless({ overlap: 'allow' }), { labels: [] });
    while (
      (stage.running.get('instance-1')?.length ?? 0) + (stage.running.get('instance-2')?.length ?? 0) <
      4
    )
      await stage.advance(1_000);
    const [dead = '', runs = []] =
      [...stage.running].sort(([, one], [, other]) => other.length - one.length)[0] ?? [];
    stage.kill(dead);
    await stage.advance(4_000);
    expect(stage.lost).toHaveLength(runs.length);
  });

  it('is told where one node of three is silent, and with two of them when one is back', async () => {
    const stage = new Stage();
    stage.joinAll(stage.endless());
    const dead = await stage.untilOneRuns();
    stage.silentNodes.add(0);
    stage.silentNodes.add(1);
    stage.kill(dead);
    await stage.advance(6_000);
    expect(stage.lost).toEqual([]);
    stage.silentNodes.delete(1);
    await stage.advance(6_000);
    expect(stage.lost).toEqual([START_MS + PERIOD_MS]);
  });
});

describe('nothing is told as lost', () => {
  it.each([
    ['when its handler has returned', async (stage: Stage, id: string) => stage.end(id)],
    [
      'when one node alone has heard that it ended',
      async (stage: Stage, id: string) => {
        stage.silentNodes.add(0);
        await stage.end(id);
        stage.silentNodes.clear();
      },
    ],
  ])('of an instance that is killed %s', async (_title, end) => {
    const stage = new Stage();
    stage.joinAll(stage.endless());
    const dead = await stage.untilOneRuns();
    await end(stage, dead);
    stage.kill(dead);
    await stage.advance(8_000);
    expect(stage.told).toEqual([]);
  });

  it('of one that has lost its connections and goes on to renew its lease', async () => {
    const stage = new Stage();
    stage.joinAll(stage.endless());
    const alive = await stage.untilOneRuns();
    for (const node of stage.cluster.nodes) node.locks.disconnect(alive);
    await stage.advance(9_000);
    expect(stage.lost).toEqual([]);
  });

  it('of one that stands still for less than its lease, and of one that wakes', async () => {
    const stage = new Stage();
    stage.joinAll(stage.endless());
    const asleep = await stage.untilOneRuns();
    stage.pause(asleep);
    await stage.advance(3_000 + TTL_MS - 200);
    expect(stage.lost).toEqual([]);
    stage.resume(asleep);
    await stage.advance(3_000);
    expect(stage.lost).toEqual([]);
  });

  it('of one that leaves and ends its run before it exits', async () => {
    const stage = new Stage();
    stage.joinAll(stage.endless());
    const leaving = await stage.untilOneRuns();
    const stopped = stage.cluster.members.find(({ id }) => id === leaving)?.scheduler.stop();
    await stage.advance(6_000);
    expect(stage.lost).toEqual([]);
    await stage.end(leaving);
    await stopped;
    stage.kill(leaving);
    await stage.advance(6_000);
    expect(stage.lost).toEqual([]);
  });

  it('of one that ended its run and exited while whoever asks stood still, until the nodes had forgotten that end', async () => {
    const stage = new Stage();
    stage.joinAll(stage.endless({}, 1_000));
    await stage.advance(6_000);
    const leaving = await stage.untilOneRuns();
    const [asks = '', works = ''] = stage.cluster.members.map(({ id }) => id).filter((id) => id !== leaving);
    const stopped = stage.cluster.members.find(({ id }) => id === leaving)?.scheduler.stop();
    await stage.advance(900);
    stage.pause(asks);
    await stage.end(leaving);
    await stopped;
    stage.kill(leaving);
    for (let runs = 0; runs <= MAX_ENDS_IN_TURN; runs += 1) {
      await stage.untilOneRuns();
      await stage.end(works);
    }
    stage.resume(asks);
    await stage.advance(4_000);
    expect(stage.lost).toEqual([]);
  });

  it('where a run has been told as timed out before, though its handler goes on', async () => {
    const stage = new Stage();
    stage.joinAll(stage.endless({ timeoutMs: 1_000 }));
    const dead = await stage.untilOneRuns();
    await stage.advance(2_000);
    stage.kill(dead);
    await stage.advance(6_000);
    expect(stage.lost).toEqual([]);
  });

  it('of a tick whose successor already runs under the same lock; that one is told', async () => {
    const stage = new Stage();
    stage.joinAll(stage.endless({ overlap: 'buffer_one' }, 2_000));
    await stage.advance(6_000);
    const dead = await stage.untilOneRuns();
    // The next tick waits for its end.
    await stage.advance(2_500);
    await stage.end(dead);
    await stage.advance(300);
    expect(stage.running.get(dead)).toHaveLength(1);
    stage.told.length = 0;
    stage.kill(dead);
    await stage.advance(4_500);
    expect(stage.lost).toHaveLength(1);
  });

  it('where nodes have forgotten what they kept', async () => {
    const stage = new Stage();
    stage.joinAll(stage.endless());
    const dead = await stage.untilOneRuns();
    await stage.end(dead);
    for (const node of stage.cluster.nodes) node.loseMemory('flush');
    await stage.advance(5_000);
    stage.kill(dead);
    await stage.advance(4_000);
    expect(stage.lost).toEqual([]);
  });

  it('with run locks that keep no ends: nobody could tell', async () => {
    const stage = new Stage();
    stage.joinAll(stage.endless(), 3, withoutEnds);
    stage.kill(await stage.untilOneRuns());
    await stage.advance(9_000);
    expect(stage.lost).toEqual([]);
  });
});

describe('the end of a run', () => {
  it('stands on every node with its claim and outcome, and those of attempts before it do not', async () => {
    const stage = new Stage();
    let attempts = 0;
    const failing = taskOf(
      () => {
        attempts += 1;
        throw new Error('no');
      },
      {
        schedule: every(PERIOD_MS),
        policies: {
          ...DEFAULT_POLICIES,
          retry: { attempts: 2, baseMs: 10, capMs: 10, jitter: 0, deadlineMs: 1_000 },
        },
      },
    );
    stage.join(failing);
    while (attempts < 2) await stage.advance(100);
    await stage.advance(100);
    for (const node of stage.cluster.nodes) {
      const { ends } = node.endsIn('settle');
      expect(ends).toEqual([
        expect.objectContaining({
          instant: START_MS + PERIOD_MS + 1,
          outcome: 'failed',
          claimId: expect.stringMatching(/^instance-1:/),
        }),
      ]);
    }
  });
});

it('claims of tasks that are gone are forgotten', () => {
  const tasks = new Map([['settle', taskOf(() => undefined)]]);
  const claims = new TheirClaims(
    { instanceId: 'one', clusterClock: { nowMs: () => 10_000 } },
    { taskOf: (name) => tasks.get(name), tasks: () => [...tasks.values()] },
  );
  const taken = (tick: number, by: string): void =>
    claims.observe({
      type: 'tick',
      report: { task: 'settle', tick, outcome: 'taken', instanceId: 'one', by },
    });
  taken(8_000, 'other');
  taken(9_000, 'third');
  expect(claims.size).toBe(2);
  tasks.clear();
  claims.drop('settle');
  taken(10_000, 'other');
  expect(claims.size).toBe(0);
});

it('claims of runs that may overlap are remembered at a cost that does not grow with them', () => {
  const allowed = taskOf(() => undefined, { policies: { ...DEFAULT_POLICIES, overlap: 'allow' } });
  const tasks = Array.from({ length: 300 }, (_, index) => ({ ...allowed, name: `t${index}` }));
  const byName = new Map(tasks.map((task) => [task.name, task]));
  let nowMs = 0;
  const claims = new TheirClaims(
    { instanceId: 'one', clusterClock: { nowMs: () => nowMs } },
    { taskOf: (name) => byName.get(name), tasks: () => tasks },
  );
  const before = process.cpuUsage();
  for (nowMs = 1_000; nowMs <= 60_000; nowMs += 1_000) {
    for (const { name } of tasks)
      claims.observe({
        type: 'tick',
        report: { task: name, tick: nowMs, outcome: 'taken', instanceId: 'one', by: 'other' },
      });
  }
  // Of 18,000 claims. Each of them looked through all the others before: 3 s and more.
  expect(process.cpuUsage(before).user / 1_000).toBeLessThan(500);
  expect(claims.size).toBeLessThan(tasks.length + 4_000);
});
