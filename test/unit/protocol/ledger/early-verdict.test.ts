/** A claim is won as soon as a majority has granted it. What the others say later still counts for what comes next. */

import { describe, expect, it } from 'vitest';
import type { ElectorateView } from '#src/protocol/contract/electorate-view.js';
import type { LedgerIds } from '#src/protocol/contract/ledger-id.js';
import type {
  AnswersWanted,
  Claim,
  ClaimReply,
  ClaimVote,
  NodeReply,
  NodeTick,
  PeekVerdict,
  VotingNode,
} from '#src/protocol/contract/ports.js';
import { QuorumTickLedger } from '#src/protocol/ledger/quorum-tick-ledger.js';

const POSITIONS = ['n1', 'n2', 'n3'];
const SET = { generation: 1, positions: POSITIONS, leaseTtlMs: 3_000 };
const IDS: LedgerIds = { n1: '1.a', n2: '1.b', n3: '1.c' };
const RENAMED: LedgerIds = { ...IDS, n3: '2.d' };

function claimOf(task: string): Claim {
  return { task, tick: 5_000, claimId: `me:${task}`, maxLatenessMs: 400 };
}

/** Three nodes whose answers the test gives, in the order that it wants. */
class Stage {
  readonly told: string[] = [];
  private readonly answers = new Map<string, (reply: NodeReply<ClaimReply>) => void>();
  private readonly peeks = new Map<string, (reply: NodeReply<readonly NodeTick[]>) => void>();
  readonly ledger = new QuorumTickLedger(
    POSITIONS.map((position) => this.nodeAt(position)),
    {
      namedIds: () => IDS,
      terms: () => ({ set: SET, ids: IDS, deadlineMs: 0 }),
      renamed: ({ position }: VotingNode, ids: LedgerIds) =>
        this.told.push(`${position} renamed ${ids[position]}`),
      refusedBySet: () => this.told.push('another set'),
    } as unknown as ElectorateView,
  );

  async votes(position: string, kinds: readonly ClaimVote['kind'][], ids?: LedgerIds): Promise<void> {
    const votes = kinds.map((kind) => ({ kind }));
    const value = { votes, ...(ids && { ids }) };
    this.answers.get(position)?.({ answered: true, nodeTimeMs: 5_000, value });
    await settle();
  }

  async isSilent(position: string): Promise<void> {
    this.answers.get(position)?.({ answered: false, reason: 'no answer' });
    await settle();
  }

  async tells(position: string, ...ticks: readonly NodeTick[]): Promise<void> {
    this.peeks.get(position)?.({ answered: true, nodeTimeMs: 5_200, value: ticks });
    await settle();
  }

  private nodeAt(position: string): VotingNode {
    const claim = (): Promise<NodeReply<ClaimReply>> =>
      new Promise((resolve) => this.answers.set(position, resolve));
    const peek = (): Promise<NodeReply<readonly NodeTick[]>> =>
      new Promise((resolve) => this.peeks.set(position, resolve));
    return { position, label: position, claim, peek, callDeadlineMs: () => 0 } as unknown as VotingNode;
  }
}

/** Promises that can settle without another answer have settled behind this. */
async function settle(): Promise<void> {
  for (let turn = 0; turn < 10; turn += 1) await Promise.resolve();
}

describe('a claim that a majority has granted', () => {
  it('is won before the third node has answered, which counts as one that granted', async () => {
    const stage = new Stage();
    const verdict = stage.ledger.claim([claimOf('settle')]);
    await stage.votes('n3', ['granted']);
    await stage.votes('n1', ['granted']);
    expect(await verdict).toMatchObject([{ kind: 'won', votesOut: 3, ids: IDS }]);
  });

  it.each<[string, readonly ClaimVote['kind'][]]>([
    ['the other names another owner', ['taken']],
    ['the other is in quarantine', ['quarantined']],
  ])('is won where %s first', async (_, kinds) => {
    const stage = new Stage();
    const verdict = stage.ledger.claim([claimOf('settle')]);
    await stage.votes('n2', kinds);
    await stage.votes('n1', ['granted']);
    await stage.votes('n3', ['granted']);
    expect(await verdict).toMatchObject([{ kind: 'won', votesOut: 2 }]);
  });

  it('tells the electorate which ids a late node goes by', async () => {
    const stage = new Stage();
    const verdict = stage.ledger.claim([claimOf('settle')]);
    await stage.votes('n1', ['granted']);
    await stage.votes('n2', ['granted']);
    await verdict;
    await stage.votes('n3', ['renamed'], RENAMED);
    expect(stage.told).toEqual(['n3 renamed 2.d']);
  });

  it.each(['outdated', 'conflict'] as const)(
    'has the set looked at when a late node says %s',
    async (kind) => {
      const stage = new Stage();
      const verdict = stage.ledger.claim([claimOf('settle')]);
      await stage.votes('n1', ['granted']);
      await stage.votes('n2', ['granted']);
      expect(await verdict).toMatchObject([{ kind: 'won' }]);
      expect(stage.told).toEqual([]);
      await stage.votes('n3', [kind]);
      expect(stage.told).toEqual(['another set']);
    },
  );
});

describe('a claim that is not won yet', () => {
  it('waits for a third node whose word may decide it', async () => {
    const stage = new Stage();
    const verdict = stage.ledger.claim([claimOf('settle')]);
    await stage.votes('n1', ['granted']);
    await stage.votes('n2', ['taken']);
    await stage.votes('n3', ['granted']);
    expect(await verdict).toMatchObject([{ kind: 'won', votesOut: 2 }]);
  });

  it('is not granted by a node that is silent', async () => {
    const stage = new Stage();
    const verdict = stage.ledger.claim([claimOf('settle')]);
    await stage.votes('n1', ['granted']);
    await stage.isSilent('n2');
    await stage.isSilent('n3');
    expect(await verdict).toMatchObject([{ kind: 'no_quorum', votesOut: 3, undecided: true }]);
  });

  it('waits for all when it is lost: a node that has refused needs no give-back', async () => {
    const stage = new Stage();
    const verdict = stage.ledger.claim([claimOf('settle')]);
    await stage.votes('n1', ['late']);
    await stage.votes('n2', ['late']);
    await stage.votes('n3', ['late']);
    expect(await verdict).toMatchObject([{ kind: 'late', votesOut: 0 }]);
  });

  it('keeps the batch until it is decided', async () => {
    const stage = new Stage();
    const verdict = stage.ledger.claim([claimOf('won'), claimOf('open')]);
    await stage.votes('n1', ['granted', 'granted']);
    await stage.votes('n2', ['granted', 'taken']);
    await stage.votes('n3', ['taken', 'granted']);
    expect(await verdict).toMatchObject([
      { kind: 'won', votesOut: 2 },
      { kind: 'won', votesOut: 2 },
    ]);
  });
});

describe('a peek', () => {
  const OURS = { tick: 5_000, claimId: 'a' };

  /** What two nodes have told, and the third has not: the verdict, or that there is none yet. */
  async function afterTwo(
    first: NodeTick,
    second: NodeTick,
    answers?: AnswersWanted,
  ): Promise<readonly PeekVerdict[] | 'waits'> {
    const stage = new Stage();
    let verdict: readonly PeekVerdict[] | 'waits' = 'waits';
    void stage.ledger.peek([{ task: 'settle', tick: 5_000 }], answers).then((told) => {
      verdict = told;
    });
    await stage.tells('n3', first);
    await stage.tells('n1', second);
    return verdict;
  }

  it.each<[string, NodeTick, string]>([
    ['the claim that has the tick', OURS, 'taken'],
    ['that it is open', { tick: 4_000, claimId: 'x' }, 'open'],
    ['that nobody knows the task', { tick: 0 }, 'open'],
  ])('is decided when a majority says the same: %s', async (_, told, kind) => {
    expect(await afterTwo(told, told)).toMatchObject([{ kind }]);
  });

  it.each<[string, NodeTick, NodeTick]>([
    ['another claim', OURS, { tick: 5_000, claimId: 'b' }],
    ['another tick', OURS, { tick: 4_000, claimId: 'a' }],
    ['that it may have forgotten', OURS, { ...OURS, floor: 6_000 }],
    ['that it may have pruned the line', { tick: 0 }, { tick: 0, prunedUpTo: 3_000 }],
  ])('waits for the third node where the second says %s', async (_, first, second) => {
    expect(await afterTwo(first, second)).toBe('waits');
    expect(await afterTwo(second, first)).toBe('waits');
  });

  it('waits for all where each may know more than the others', async () => {
    expect(await afterTwo(OURS, OURS, 'all')).toBe('waits');
  });
});
