/** What looks like a lost run, and is none. */

import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICIES } from '#src/protocol/contract/task-policies.js';
import { UnconfirmedReleases } from '#src/protocol/lease/unconfirmed-releases.js';
import { every, reportsOf, taskOf } from '../../../support/tasks.js';
import { aroundNode } from '../../../support/wrapped-node.js';
import { PERIOD_MS, SILENT, Stage } from './lost-runs-stage.js';

/** A graceful end: SIGTERM, drained, connections closed. */
async function leave(stage: Stage, id: string): Promise<void> {
  const stopped = stage.cluster.members.find((m) => m.id === id)?.scheduler.stop();
  await stage.advance(100);
  await stopped;
  stage.kill(id);
}

const LONG_MS = 60_000;

describe('what is not lost', () => {
  it('is asked about no more once its instance is back', async () => {
    const stage = new Stage();
    const unheard = new Set<string>();
    let inquiries = 0;
    for (let i = 0; i < 3; i += 1) {
      const member = stage.join(stage.endless(), {
        wrapNode: (node) =>
          aroundNode(node, async (ask, call) => {
            if (call === 'inquire') inquiries += 1;
            return call === 'beat' && unheard.has(member.id) ? SILENT : ask();
          }),
      });
    }
    // It goes on with its run, and renews its lease.
    unheard.add(await stage.untilOneRuns());
    await stage.advance(5_000);
    expect(inquiries).toBeGreaterThan(0);
    unheard.clear();
    await stage.advance(1_500);
    inquiries = 0;
    await stage.advance(20_000);
    expect(inquiries).toBe(0);
    expect(stage.lost).toEqual([]);
  });

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
      isPrunable: true,
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
      expect(reply).toMatchObject({ value: { pruned: 1 } });
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
