import { describe, expect, it } from 'vitest';
import type { NodeIdentity } from '#src/protocol/contract/node-identity.js';
import type { ScheduleEvent } from '#src/protocol/contract/observer.js';
import type { BeatVerdict, TickLedger, VotingNode } from '#src/protocol/contract/ports.js';
import { guardLedger, guardMembership } from '#src/protocol/ledger/guarded-ports.js';
import { toAnswer } from '#src/protocol/ledger/line-past.js';
import { BeatQuestions } from '#src/protocol/members/beat-questions.js';
import { Heartbeat } from '#src/protocol/members/heartbeat.js';
import { QuorumMembership } from '#src/protocol/members/quorum-membership.js';
import { ManualClock } from '#src/testing/manual-clock.js';
import { MakeshiftElectorate } from '../../../support/makeshift-electorate.js';
import { taskOf } from '../../../support/tasks.js';

const IDENTITY: NodeIdentity = {
  id: '1.a',
  hasVote: true,
  sinceMs: 0,
  nowMs: 7_000,
  noted: {},
  stamp: undefined,
  liveSets: [],
  epoch: 0,
  setBackMs: 0,
};

/** A node that answers beats with these members, or not at all. */
function nodeWith(members: readonly string[] | undefined): VotingNode {
  const silent = async () => ({ answered: false, reason: 'test' }) as const;
  return {
    label: 'node',
    position: 'node',
    claim: silent,
    giveBack: silent,
    peek: silent,
    leave: silent,
    inquire: silent,
    note: silent,
    renumber: silent,
    raiseEpoch: silent,
    prune: silent,
    confirm: silent,
    stamp: silent,
    callDeadlineMs: () => 0,
    beat: async (_instanceId, _sign, tasks) => {
      if (members === undefined) return { answered: false, reason: 'test' };
      const ticks = tasks.map(() => ({ tick: 7_000, claimId: 'you:1' }));
      return { answered: true, value: { members, ticks, identity: IDENTITY }, nodeTimeMs: 7_000 };
    },
  };
}

const membershipOver = (nodes: readonly VotingNode[]): QuorumMembership =>
  new QuorumMembership(nodes, new MakeshiftElectorate(nodes));

const membersOf = async (...lists: readonly (readonly string[] | undefined)[]): Promise<readonly string[]> =>
  (await membershipOver(lists.map(nodeWith)).beat('me', [])).members;

describe('the membership over several nodes', () => {
  it('counts whoever a majority of the answering nodes has seen, in a fixed order', async () => {
    expect(await membersOf(['you', 'me'], ['me', 'you'], ['me'])).toEqual(['me', 'you']);
  });

  it('does not count an instance that only a minority has seen', async () => {
    expect(await membersOf(['me', 'ghost'], ['me'], ['me'])).toEqual(['me']);
  });

  it('still knows everybody when one node is gone', async () => {
    expect(await membersOf(['me', 'you'], ['me', 'you'], undefined)).toEqual(['me', 'you']);
  });

  it('counts the caller, also when nobody answers', async () => {
    expect(await membersOf(undefined, undefined, undefined)).toEqual(['me']);
  });

  it('answers peeks by majority in the same message', async () => {
    const membership = membershipOver([nodeWith([]), nodeWith([]), nodeWith(undefined)]);
    const { peeks, nodesAnswering } = await membership.beat('me', [
      { task: 'a', tick: 7_000 },
      { task: 'b', tick: 8_000 },
    ]);
    expect(peeks).toEqual([
      {
        kind: 'taken',
        newest: 7_000,
        highest: 7_000,
        highestPossible: 7_000,
        nodeTimeMs: expect.any(Number),
        claimId: 'you:1',
      },
      { kind: 'open', newest: 7_000, highest: 7_000, highestPossible: 7_000, nodeTimeMs: expect.any(Number) },
    ]);
    expect(nodesAnswering).toBe(2);
  });
});

describe('the heartbeat', () => {
  const unasked: TickLedger = {
    claim: async () => [],
    giveBack: async () => undefined,
    peek: () => Promise.reject(new Error('nobody asks it')),
  };
  function setUp(ledger = unasked, isElsewhere: ((task: string) => boolean) | undefined = undefined) {
    const clock = new ManualClock();
    const events: ScheduleEvent[] = [];
    const onNodes: string[] = [];
    const answer: { verdict: BeatVerdict | Error } = {
      verdict: { members: ['me'], peeks: [], nodesAnswering: 3 },
    };
    const observer = { observe: (event: ScheduleEvent) => void events.push(event) };
    const heartbeat = new Heartbeat({
      instanceId: 'me',
      nodes: 3,
      clock,
      observer,
      questions: new BeatQuestions({ ledger: guardLedger(ledger, observer), isElsewhere }),
      membership: guardMembership(
        {
          beat: async (_id, asked) => {
            onNodes.push(...asked.map(({ task }) => task));
            if (answer.verdict instanceof Error) throw answer.verdict;
            return answer.verdict;
          },
          leave: async () => undefined,
        },
        observer,
      ),
    });
    return { clock, events, answer, heartbeat, onNodes };
  }

  it('knows whether a majority was ever there, and for how long there is none', async () => {
    const { clock, answer, heartbeat } = setUp();
    const known = () => {
      const { hadQuorum, withoutQuorumMs } = heartbeat.reach();
      return [hadQuorum, withoutQuorumMs];
    };
    answer.verdict = { members: ['me'], peeks: [], nodesAnswering: 1 };
    await clock.advance(4_000);
    await heartbeat.beat();
    expect(known()).toEqual([false, 4_000]);
    answer.verdict = { members: ['me'], peeks: [], nodesAnswering: 2 };
    await heartbeat.beat();
    expect(known()).toEqual([true, undefined]);
    answer.verdict = { members: ['me'], peeks: [], nodesAnswering: 1 };
    await clock.advance(1_000);
    await heartbeat.beat();
    expect(known()).toEqual([true, 1_000]);
  });

  const dueOf = (name: string) => ({
    task: taskOf(() => undefined, { name }),
    tick: 1_000,
    maxLatenessMs: 0,
  });
  const ofLedger = (task: string): boolean => task.startsWith('ledger');

  it('asks the ledger, not the nodes, about ticks that are claimed elsewhere, and answers in the order of the questions', async () => {
    const ledger: TickLedger = {
      ...unasked,
      peek: async (refs) => refs.map(({ task }) => ({ kind: 'taken', claimId: task })),
    };
    const { heartbeat, answer, onNodes } = setUp(ledger, ofLedger);
    answer.verdict = {
      members: ['me'],
      peeks: [{ kind: 'open' }, { kind: 'taken', claimId: 'you' }],
      nodesAnswering: 3,
    };
    const asked = ['ledger 1', 'node 1', 'ledger 2', 'node 2'].map(dueOf);
    expect(await heartbeat.beat(asked)).toEqual([
      toAnswer({ kind: 'taken', claimId: 'ledger 1' }),
      toAnswer({ kind: 'open' }),
      toAnswer({ kind: 'taken', claimId: 'ledger 2' }),
      toAnswer({ kind: 'taken', claimId: 'you' }),
    ]);
    expect(onNodes).toEqual(['node 1', 'node 2']);
  });

  it('asks the ledger in full about what short answers do not settle, when the beat is over', async () => {
    const onLedger: string[] = [];
    const { heartbeat, answer } = setUp({
      ...unasked,
      peek: async (refs) => {
        onLedger.push(...refs.map(({ task }) => task));
        expect(heartbeat.isBeating).toBe(false);
        return refs.map(() => ({ kind: 'open' }));
      },
    });
    answer.verdict = {
      members: ['me'],
      peeks: [{ kind: 'taken', claimId: 'you' }, { kind: 'taken', claimId: 'me' }, { kind: 'unknown' }],
      unsettled: [1, 2],
      nodesAnswering: 3,
    };
    const asked = ['one', 'two', 'three'].map(dueOf);
    const [first, ...others] = await heartbeat.beat(asked, { tick: 1_000, tasks: ['one', 'two', 'three'] });
    expect(first).toEqual(toAnswer({ kind: 'taken', claimId: 'you' }));
    expect(others).toEqual([toAnswer({ kind: 'open' }), toAnswer({ kind: 'open' })]);
    expect(onLedger).toEqual(['two', 'three']);
  });

  it('leaves unknown what the ledger cannot say either', async () => {
    const { heartbeat, answer } = setUp();
    answer.verdict = {
      members: ['me'],
      peeks: [{ kind: 'taken', claimId: 'me' }],
      unsettled: [0],
      nodesAnswering: 3,
    };
    expect(await heartbeat.beat([dueOf('one')], { tick: 1_000, tasks: ['one'] })).toEqual([toAnswer()]);
  });

  it('has the next beat made while a ledger elsewhere does not answer, and says that nothing is known when it fails', async () => {
    let reject = (_error: Error): void => undefined;
    const promise = new Promise<never>((_, fail) => {
      reject = fail;
    });
    const { heartbeat, events } = setUp({ ...unasked, peek: () => promise }, ofLedger);
    const beat = heartbeat.beat([dueOf('ledger 1')]);
    await new Promise((resolve) => setImmediate(resolve));
    expect(heartbeat.isBeating).toBe(false);
    expect(heartbeat.quorum).toBe(true);
    reject(new Error('no ledger'));
    expect(await beat).toEqual([toAnswer()]);
    expect(events).toContainEqual(expect.objectContaining({ where: 'tick ledger: peek' }));
  });

  it('tells once that the quorum is lost, and once that it is back', async () => {
    const { events, answer, heartbeat } = setUp();
    for (const nodesAnswering of [3, 3, 1, 1, 2]) {
      answer.verdict = { members: ['me'], peeks: [], nodesAnswering };
      await heartbeat.beat();
    }
    const quorums = events.flatMap((event) => (event.type === 'quorum' ? [event.reached] : []));
    expect(quorums).toEqual([true, false, true]);
  });

  it('keeps to the members it knew while nobody answers', async () => {
    const { answer, heartbeat } = setUp();
    answer.verdict = { members: ['me', 'you'], peeks: [], nodesAnswering: 3 };
    await heartbeat.beat();
    answer.verdict = { members: ['me'], peeks: [], nodesAnswering: 0 };
    await heartbeat.beat();
    expect(heartbeat.members).toEqual(['me', 'you']);
    expect(heartbeat.quorum).toBe(false);
  });

  it('does not trust an answer for ever', async () => {
    const { clock, heartbeat } = setUp();
    await heartbeat.beat();
    expect(heartbeat.quorum).toBe(true);
    await clock.advance(3_001);
    expect(heartbeat.quorum).toBe(false);
  });

  it('survives a membership that throws, and tells it', async () => {
    const { events, answer, heartbeat } = setUp();
    answer.verdict = new Error('broken');
    expect(await heartbeat.beat()).toEqual([]);
    expect(events).toMatchObject([{ type: 'error', where: 'membership: beat' }]);
  });
});
