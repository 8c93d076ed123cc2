import { describe, expect, it } from 'vitest';
import { NO_ENDS, withEnds } from '#src/protocol/contract/attempt-end.js';
import { DEFAULT_POLICIES } from '#src/protocol/contract/task-policies.js';
import { type JoinOptions } from '#src/testing/memory-cluster.js';
import { between } from '../../../support/between.js';
import { every, taskOf } from '../../../support/tasks.js';
import { aroundNode } from '../../../support/wrapped-node.js';
import { PERIOD_MS, SILENT, START_MS, Stage } from './lost-runs-stage.js';

const LONG_MS = 60_000;

describe('what is lost, and hard to see', () => {
  it('ends from a clock that was ahead must not hide what comes after an epoch', () => {
    const ahead = 1_000_000_000;
    let kept = NO_ENDS;
    for (let i = 0; i < 20; i += 1)
      kept = withEnds(
        kept,
        { ends: [{ instant: ahead + i, claimId: `a:${i}`, outcome: 'success' }] },
        ahead + i,
      );
    kept = withEnds(kept, { ends: [{ instant: 1_000, claimId: 'a:new', outcome: 'success' }] }, 1_010);
    expect(kept.droppedUpTo).toBeLessThan(2_000);
  });
});

describe('at the edges', () => {
  it('a run is told also where the schedule of another task of its instance throws by then', async () => {
    const stage = new Stage();
    let throws = false;
    const schedule = every(PERIOD_MS);
    const broken = taskOf(() => undefined, {
      name: 'broken',
      schedule: {
        description: 'broken',
        nextAfter: (ms) => {
          if (throws) throw new Error('no more');
          return schedule.nextAfter(ms);
        },
      },
      policies: { ...DEFAULT_POLICIES, recovery: 'retake' },
    });
    const task = stage.endless();
    stage.joinAll(task);
    for (const { scheduler } of stage.cluster.members) scheduler.add(broken);
    const dead = await stage.untilOneRuns();
    throws = true;
    stage.kill(dead);
    await stage.advance(4_000);
    expect(stage.lost).toEqual([START_MS + PERIOD_MS]);
  });

  it('a run is told within 2.5 s also where nodes had not agreed on its instance before that died', async () => {
    const stage = new Stage();
    let cutOff = '';
    const task = stage.endless();
    for (let index = 1; index <= 3; index += 1)
      stage.join(task, {
        wrapNode: (node, place) =>
          aroundNode(node, async (ask) =>
            cutOff !== '' && (place === 2 || (place === 1 && cutOff === `instance-${index}`))
              ? SILENT
              : ask(),
          ),
      });
    cutOff = await stage.untilOneRuns();
    await stage.advance(6_000);
    expect(stage.lost).toEqual([]);
    stage.kill(cutOff);
    const killedMs = stage.cluster.clock.wallMs();
    await stage.advance(9_000);
    expect(stage.lost).toEqual([START_MS + PERIOD_MS]);
    expect((stage.told.at(-1)?.atMs ?? 0) - killedMs).toBeLessThan(2_500);
  });

  it('it had ended and was told as success; another tick was being claimed, one node is silent', async () => {
    const stage = new Stage();
    const delay: JoinOptions = {
      wrapNode: (node, i) =>
        aroundNode(node, async (ask, call) => {
          if (i !== 0 || call !== 'claim' || !slow) return ask();
          await stage.cluster.clock.sleepUntil(
            stage.cluster.clock.monotonicMs() + 120,
            new AbortController().signal,
          );
          return SILENT;
        }),
    };
    let slow = false;
    stage.joinAll(stage.endless({ overlap: 'buffer_one' }, 20_000), 3, delay);
    const id = await stage.untilOneRuns();
    const tick = START_MS + 20_000;
    await stage.advance(22_000);
    slow = true;
    for (const resolve of stage.running.get(id) ?? []) resolve();
    stage.running.delete(id);
    await stage.advance(60);
    const owner = stage.cluster.members.find((m) => m.id === id);
    const outcomes = owner?.events.flatMap((e) =>
      e.type === 'tick' ? [`${e.report.tick - START_MS} ${e.report.outcome}`] : [],
    );
    stage.kill(id);
    slow = false;
    await stage.advance(9_000);
    expect(outcomes).toContain('20000 success');
    expect(stage.lost).not.toContain(tick);
  });

  it('what was found about a task that was taken away and added again is not counted below zero', async () => {
    const stage = new Stage();
    const task = stage.endless({}, LONG_MS);
    stage.joinAll(task, 4);
    const dead = await stage.untilOneRuns();
    const teller = dead === 'instance-1' ? 'instance-2' : 'instance-1';
    // The one that has to tell it does not live either, which shows later.
    stage.kill(dead);
    await stage.advance(900);
    stage.pause(teller);
    await stage.advance(1_600);
    const other = stage.cluster.members.find((m) => ![dead, teller].includes(m.id));
    other?.scheduler.remove('settle');
    other?.scheduler.add(task);
    // The dead one is seen again: what was found is not so.
    for (const node of stage.cluster.nodes) node.locks.reconnect(dead);
    stage.resume(dead);
    await stage.advance(9_000);
    expect(other?.scheduler.statusOf('settle')?.lost).toBeGreaterThanOrEqual(0);
  });

  it('nodes that do not agree are not asked about every line twice a second for ever', async () => {
    const stage = new Stage();
    let isCut = false;
    const asked = { times: 0, lines: 0 };
    const tasks = Array.from({ length: 50 }, (_, index) => ({
      ...taskOf(() => undefined, { schedule: every(LONG_MS) }),
      name: `t${index}`,
    }));
    const join = (id: string): void => {
      stage.cluster.join(tasks, {
        // One node is silent, and of the two that are left only one hears of the third instance.
        wrapNode: (node, index) => {
          const around = aroundNode(node, async (ask) =>
            isCut && (index === 2 || (index === 1 && id === 'third')) ? SILENT : ask(),
          );
          return between(around, {
            before: {
              inquire: (request) => {
                asked.times += 1;
                asked.lines += request.lines.length;
              },
            },
          });
        },
      });
    };
    for (const id of ['first', 'second', 'third']) join(id);
    await stage.advance(4_000);
    isCut = true;
    await stage.advance(LONG_MS);
    expect(asked.times).toBeGreaterThan(100);
    expect(asked.lines).toBeLessThan(20 * tasks.length);
  });
});
