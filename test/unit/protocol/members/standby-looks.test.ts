import { describe, expect, it } from 'vitest';
import type { NodeReply, NodeTick, VotingNode } from '#src/protocol/contract/ports.js';
import { STANDBY_SET_TTL_MS, type StandbyQuestion } from '#src/protocol/contract/standby-set.js';
import type { BeatReply } from '#src/protocol/contract/voting-node.js';
import { throughCouriers } from '#src/protocol/ledger/claim-courier.js';
import { QuorumMembership } from '#src/protocol/members/quorum-membership.js';
import { ManualClock } from '#src/testing/manual-clock.js';
import { between } from '../../../support/between.js';
import { connected, embeddedNodes, termsFor } from '../../../support/electorate.js';
import { MakeshiftElectorate } from '../../../support/makeshift-electorate.js';

const TASKS = Array.from({ length: 60 }, (_, index) => `chore ${index}`);
const MIDDLE = 'chore 30';

interface Asked {
  readonly tasks: readonly string[];
  readonly question: StandbyQuestion | undefined;
}

type Change = (reply: BeatReply) => BeatReply;

/** One instance of three nodes, which looks at the ticks of all tasks at one instant. */
async function setUp(wrap: (node: VotingNode, index: number) => VotingNode = (node) => node) {
  const clock = new ManualClock();
  const memories = embeddedNodes(clock, 3);
  const plain = connected(memories);
  const terms = await termsFor(plain);
  /** What each beat asked of each node. */
  const asked: Asked[][] = [[], [], []];
  const silent = new Set<number>();
  const changes = new Map<number, Change>();
  const nodes = throughCouriers(
    plain.map((node, index) =>
      wrap(
        between(node, {
          instead: {
            beat: async (ask, _id, _sign, tasks, question) => {
              asked[index]?.push({ tasks, question });
              if (silent.has(index)) return { answered: false, reason: 'test' };
              return changed(await ask(), changes.get(index));
            },
          },
        }),
        index,
      ),
    ),
    { clock, nodeTimeoutMs: 100 },
  );
  const membership = new QuorumMembership(nodes, new MakeshiftElectorate(nodes));
  const tick = clock.wallMs();
  const claim = async (task: string, claimId: string, on = [0, 1, 2], at = tick): Promise<void> => {
    const claims = [{ task, tick: at, claimId, maxLatenessMs: 30_000 }];
    for (const index of on) await plain[index]?.claim(claims, terms);
  };
  const look = () =>
    membership.beat(
      'me',
      TASKS.map((task) => ({ task, tick })),
      { tick, tasks: TASKS },
    );
  const kindsOf = async () => {
    const { peeks, unsettled = [] } = await look();
    const sorted = peeks.map(({ kind }, index) => (unsettled.includes(index) ? 'unsettled' : kind));
    return { middle: sorted[TASKS.indexOf(MIDDLE)], kinds: [...new Set(sorted)], unsettled };
  };
  return { clock, memories, plain, terms, asked, silent, changes, claim, look, kindsOf, tick, membership };
}

function changed(reply: NodeReply<BeatReply>, change: Change | undefined): NodeReply<BeatReply> {
  return reply.answered && change !== undefined ? { ...reply, value: change(reply.value) } : reply;
}

/** Every tick is claimed, and the nodes know the set. */
async function known(wrap?: (node: VotingNode, index: number) => VotingNode) {
  const world = await setUp(wrap);
  for (const [index, task] of TASKS.entries()) await world.claim(task, `worker-${index % 3}:${index}`);
  await world.look();
  await world.look();
  return world;
}

describe('the look of a standby', () => {
  it('asks in full at first, tells a set that comes again, and then asks by its digest', async () => {
    const { asked, look } = await setUp();
    for (let round = 0; round < 3; round += 1) await look();
    expect(asked[0]?.map(({ tasks, question }) => [tasks.length, question?.kind])).toEqual([
      [TASKS.length, undefined],
      [TASKS.length, 'keep'],
      [0, 'ask'],
    ]);
  });

  it('says the same in short as in full, but for the random part of a claim', async () => {
    const { look, claim, asked } = await setUp();
    for (const [index, task] of TASKS.slice(5).entries()) await claim(task, `worker-${index % 3}:${index}`);
    const full = await look();
    await look();
    const short = await look();
    expect(asked[2]?.at(-1)?.question?.kind).toBe('ask');
    const ownersOf = ({ peeks }: typeof full) =>
      peeks.map((peek) => ({ ...peek, ...('claimId' in peek && { claimId: peek.claimId?.split(':')[0] }) }));
    expect(ownersOf(short)).toEqual(ownersOf(full));
    expect(short.unsettled).toEqual([]);
    expect(new Set(short.peeks.map(({ kind }) => kind))).toEqual(new Set(['open', 'taken']));
  });

  it('goes on with the nodes that know the set, and tells it again to the one that has lost it', async () => {
    const { memories, asked, kindsOf } = await known();
    memories[1]?.evict('standby sets');
    expect((await kindsOf()).kinds).toEqual(['taken']);
    await kindsOf();
    await kindsOf();
    expect(asked[1]?.slice(2).map(({ question }) => question?.kind)).toEqual(['ask', 'keep', 'ask']);
    expect(asked[0]?.slice(2).map(({ question }) => question?.kind)).toEqual(['ask', 'ask', 'ask']);
  });

  it('settles nothing where a majority does not know the set, and asks it in full the next time', async () => {
    const { memories, kindsOf } = await known();
    for (const memory of memories.slice(1)) memory.evict('standby sets');
    expect((await kindsOf()).kinds).toEqual(['unsettled']);
    expect((await kindsOf()).kinds).toEqual(['taken']);
  });

  it('leaves unsettled what one node says is open where another has no word and the third is silent', async () => {
    const { memories, kindsOf, silent, clock, plain, tick } = await known();
    await clock.advance(30);
    await plain[0]?.giveBack([{ task: MIDDLE, tick, claimId: 'worker-0:30', maxLatenessMs: 0 }]);
    memories[1]?.evict('standby sets');
    silent.add(2);
    expect(await kindsOf()).toMatchObject({ middle: 'unsettled', kinds: ['unsettled'] });
  });

  it('does not know a set for longer than its time to live, which each question renews', async () => {
    const { clock, plain } = await known();
    const tasks = [...TASKS].sort();
    const digest = plain[0]?.digestOf?.(tasks) ?? '';
    const sign = new MakeshiftElectorate(plain).sendBeat().sign;
    const ask = async (afterMs: number) => {
      clock.jump(afterMs);
      const question = { kind: 'ask', digest, count: tasks.length } as const;
      const reply = await plain[0]?.beat('me', sign, [], question);
      return reply?.answered === true && reply.value.standby?.length;
    };
    expect(await ask(STANDBY_SET_TTL_MS - 1)).toBe(TASKS.length);
    expect(await ask(STANDBY_SET_TTL_MS - 1)).toBe(TASKS.length);
    expect(await ask(STANDBY_SET_TTL_MS + 1)).toBeUndefined();
  });

  it.each<[string, Change]>([
    ['a word too few', (reply) => ({ ...reply, standby: (reply.standby ?? []).slice(1) })],
    ['a word too many', (reply) => ({ ...reply, standby: [...(reply.standby ?? []), wordAt(1)] })],
    ['no word', ({ standby: _, ...reply }) => reply],
  ])('takes %s of a majority for no answer', async (_, change) => {
    const { changes, kindsOf } = await known();
    changes.set(0, change).set(1, change);
    expect((await kindsOf()).kinds).toEqual(['unsettled']);
  });

  it('never calls a tick taken that two nodes have granted to two claims of one instance', async () => {
    const { claim, plain, kindsOf, silent, clock, tick } = await known();
    await clock.advance(30);
    await plain[1]?.giveBack([{ task: MIDDLE, tick, claimId: 'worker-0:30', maxLatenessMs: 0 }]);
    await claim(MIDDLE, 'worker-0:other', [1]);
    silent.add(2);
    expect((await kindsOf()).middle).toBe('unsettled');
    silent.delete(2);
    // The third agrees with the first on all lines that share a digest with it.
    expect((await kindsOf()).middle).toBe('taken');
  });

  it('calls a tick open that a majority has not granted, whatever the third has', async () => {
    const { clock, plain, tick, kindsOf } = await known();
    await clock.advance(30);
    for (const node of plain.slice(1))
      await node.giveBack([{ task: MIDDLE, tick, claimId: 'worker-0:30', maxLatenessMs: 0 }]);
    const { middle, unsettled } = await kindsOf();
    expect(middle).toBe('open');
    expect(unsettled).toEqual([]);
  });

  it('leaves its own claims unsettled: only their ids tell what has become of them', async () => {
    const { claim, look, kindsOf } = await setUp();
    for (const [index, task] of TASKS.entries()) await claim(task, index === 30 ? 'me:7' : `worker:${index}`);
    await look();
    await look();
    const { middle, unsettled } = await kindsOf();
    expect(middle).toBe('unsettled');
    expect(unsettled).toHaveLength(1);
  });

  it('asks a node in full that keeps no sets, beside others that do', async () => {
    const withoutSets = (node: VotingNode, index: number): VotingNode => (index === 0 ? callsOf(node) : node);
    const { asked, kindsOf, silent } = await known(withoutSets);
    expect(await kindsOf()).toMatchObject({ kinds: ['taken'], unsettled: [] });
    expect(asked[0]?.at(-1)).toEqual({ tasks: TASKS, question: undefined });
    expect(asked[1]?.at(-1)?.question?.kind).toBe('ask');
    // What is told in full cannot be compared with what is told in short.
    silent.add(1);
    expect((await kindsOf()).kinds).toEqual(['unsettled']);
  });

  it('answers about other ticks with the same beat, in the order of the questions', async () => {
    const { membership, tick, claim, asked } = await known();
    await claim('other', 'worker:9');
    const peeks = [
      { task: 'other', tick },
      { task: MIDDLE, tick: tick - 1_000 },
      ...TASKS.map((task) => ({ task, tick })),
    ];
    const answer = await membership.beat('me', peeks, { tick, tasks: TASKS });
    expect(asked[0]?.at(-1)?.tasks).toEqual(['other', MIDDLE]);
    const said = answer.peeks.map((peek) => ('claimId' in peek ? peek.claimId?.split(':')[0] : peek.kind));
    expect(said).toEqual(['worker', 'taken', ...TASKS.map((_, index) => `worker-${index % 3}`)]);
  });

  it('asks in full about a small part of a set, of which a node would have to look at all', async () => {
    const { membership, tick, asked } = await known();
    const few = TASKS.slice(0, TASKS.length / 4 - 1).map((task) => ({ task, tick }));
    await membership.beat('me', few, { tick, tasks: TASKS });
    expect(asked[0]?.at(-1)).toEqual({ tasks: few.map(({ task }) => task), question: undefined });
  });

  it('does not tell nodes sets that do not come again', async () => {
    const { membership, tick, asked } = await setUp();
    for (let round = 0; round < 12; round += 1) {
      const tasks = TASKS.slice(round);
      await membership.beat(
        'me',
        tasks.map((task) => ({ task, tick })),
        { tick, tasks },
      );
    }
    expect(asked[0]?.filter(({ question }) => question !== undefined)).toEqual([]);
  });
});

function wordAt(tick: number): NodeTick {
  return { tick };
}

/** As an adapter that was written before there were sets. */
function callsOf(node: VotingNode): VotingNode {
  return {
    label: node.label,
    position: node.position,
    claim: (...given) => node.claim(...given),
    giveBack: (...given) => node.giveBack(...given),
    peek: (...given) => node.peek(...given),
    beat: (instanceId, sign, tasks) => node.beat(instanceId, sign, tasks),
    leave: (...given) => node.leave(...given),
    inquire: (...given) => node.inquire(...given),
    note: (...given) => node.note(...given),
    renumber: (...given) => node.renumber(...given),
    raiseEpoch: (...given) => node.raiseEpoch(...given),
    prune: (...given) => node.prune(...given),
    confirm: (...given) => node.confirm(...given),
    stamp: (...given) => node.stamp(...given),
    callDeadlineMs: () => node.callDeadlineMs(),
  };
}
