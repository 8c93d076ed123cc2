import { describe, expect, it } from 'vitest';
import { NO_ENDS, withEnds } from '#src/protocol/contract/attempt-end.js';
import { DEFAULT_POLICIES } from '#src/protocol/contract/task-policies.js';
import { UnconfirmedReleases } from '#src/protocol/lease/unconfirmed-releases.js';
import { type JoinOptions } from '#src/testing/memory-cluster.js';
import { between } from '../../../support/between.js';
import { every, reportsOf, taskOf } from '../../../support/tasks.js';
import { aroundNode } from '../../../support/wrapped-node.js';
import { PERIOD_MS, SILENT, START_MS, Stage } from './lost-runs-stage.js';

/** A graceful end: SIGTERM, drained, connections closed. */
async function leave(stage: Stage, id: string): Promise<void> {
  const stopped = stage.cluster.members.find((m) => m.id === id)?.scheduler.stop();
  await stage.advance(100);
  await stopped;
  stage.kill(id);
}

const LONG_MS = 60_000;

describe('what is not lost', () => {
  it('a claim that its owner gave back (it woke too late) is not a lost run when the owner leaves later', async () => {
    const stage = new Stage();
    const quick = () => taskOf(() => undefined, { schedule: every(LONG_MS), maxLatenessMs: 2_000 });
    for (let i = 0; i < 3; i += 1) stage.join(quick());
    // The first rank claims 30 ms before the tick; it stands still right then, for longer than the lateness limit, and wakes.
    await stage.advance(LONG_MS - 15);
    const claimant = stage.cluster.nodes[0]?.connect({ label: 'x', position: 'n1' });
    const peek = await claimant?.peek(['settle']);
    const id = String(peek?.answered === true ? peek.value[0]?.claimId : '').split(':')[0] as string;
    expect(id).toMatch(/^instance-/);
    stage.pause(id);
    await stage.advance(2_200);
    stage.resume(id);
    await stage.advance(3_000);
    stage.told.length = 0;
    await leave(stage, id);
    await stage.advance(9_000);
    expect(stage.lost).toEqual([]);
  });

  it('a claim whose answers were lost until its owner gave it up is not a lost run when the owner leaves later', async () => {
    const stage = new Stage();
    const quick = () => taskOf(() => undefined, { schedule: every(LONG_MS), maxLatenessMs: 2_000 });
    let first: number | undefined;
    for (let i = 0; i < 3; i += 1)
      stage.join(quick(), {
        wrapNode: (node) =>
          aroundNode(node, async (ask, call) => {
            if (call === 'claim') first ??= i;
            const answer = await ask();
            return call === 'claim' && first === i ? SILENT : answer;
          }),
      });
    await stage.advance(LONG_MS + 3_000);
    const owner = stage.cluster.members[first ?? -1];
    const others = stage.cluster.members.filter((member) => member !== owner);
    expect(others.flatMap(({ events }) => reportsOf(events))).toContainEqual(
      expect.objectContaining({ outcome: 'taken', by: owner?.id }),
    );
    stage.told.length = 0;
    await leave(stage, owner?.id ?? '');
    await stage.advance(9_000);
    expect(stage.lost).toEqual([]);
  });

  it('a retake task whose schedule was changed by a deploy: the old instance leaves, its tick was closed', async () => {
    const stage = new Stage();
    const ended: number[] = [];
    const of = (periodMs: number) =>
      taskOf(
        ({ tick }) => {
          ended.push(tick);
        },
        {
          schedule: every(periodMs),
          policies: { ...DEFAULT_POLICIES, recovery: 'retake' },
        },
      );
    const old = stage.join(of(10_000));
    await stage.advance(12_000);
    expect(ended).toHaveLength(1);
    // The next version has another schedule; the old one leaves the task to it.
    old.scheduler.remove('settle');
    stage.join(of(3_600_000));
    stage.join(of(3_600_000));
    await stage.advance(6_000);
    stage.told.length = 0;
    await leave(stage, old.id);
    await stage.advance(9_000);
    expect(stage.lost).toEqual([]);
  });

  it('a release that brings an end is kept until the node has heard it', async () => {
    let nowMs = 0;
    let isSilent = true;
    const heard: string[] = [];
    const releases = new UnconfirmedReleases<{ value: string; ended?: unknown }>({
      clock: { monotonicMs: () => nowMs },
      send: async (locks) => {
        if (isSilent) return { answered: false, reason: 'cut' };
        for (const l of locks) heard.push(l.value);
        return { answered: true, value: undefined, nodeTimeMs: nowMs };
      },
    });
    await releases.release([{ value: 'one', ended: { line: 'settle', ends: [] } }], 3_000);
    nowMs = 6_000;
    isSilent = false;
    await releases.resend();
    expect(heard).toEqual(['one']);
  });

  it('a run whose end went with its line, which was written anew since', async () => {
    const stage = new Stage();
    const quick = taskOf(() => undefined, {
      schedule: every(PERIOD_MS * 3),
      isForgettable: true,
      policies: { ...DEFAULT_POLICIES, overlap: 'allow' },
    });
    stage.joinAll(quick);
    await stage.advance(PERIOD_MS * 3 + 2_000);
    const runner = stage.cluster.members.find(({ events }) => events.some(({ type }) => type === 'started'));
    runner?.scheduler.remove(quick.name);
    await stage.advance(PERIOD_MS * 2);
    for (const node of stage.cluster.nodes) {
      const position = node.connect({ label: 'any', position: 'any' });
      const reply = await position.prune({ windowMs: PERIOD_MS, restMs: 0 });
      expect(reply).toMatchObject({ value: { forgotten: 1 } });
    }
    await stage.advance(PERIOD_MS);
    for (const node of stage.cluster.nodes) expect(node.endsIn(quick.name).ends).toHaveLength(1);
    stage.told.length = 0;
    await leave(stage, runner?.id ?? '');
    await stage.advance(9_000);
    expect(stage.lost).toEqual([]);
  });

  it('a run whose end the nodes have forgotten since, with all that was before their restart, when later ticks stand there', async () => {
    const stage = new Stage();
    const quick = taskOf(() => undefined, {
      schedule: every(PERIOD_MS * 3),
      policies: { ...DEFAULT_POLICIES, overlap: 'allow' },
    });
    stage.joinAll(quick);
    await stage.advance(PERIOD_MS * 3 + 2_000);
    const runner = stage.cluster.members.find(({ events }) => events.some(({ type }) => type === 'started'));
    runner?.scheduler.remove(quick.name);
    for (const node of stage.cluster.nodes) {
      node.loseMemory('restart');
      await stage.advance(PERIOD_MS);
    }
    await stage.advance(PERIOD_MS * 3);
    const started = stage.cluster.members.flatMap(({ events }) =>
      events.filter(({ type }) => type === 'started'),
    );
    expect(started.length).toBeGreaterThan(1);
    stage.told.length = 0;
    stage.kill(runner?.id ?? '');
    await stage.advance(9_000);
    expect(stage.lost).toEqual([]);
  });
});

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
              trace: (request) => {
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
