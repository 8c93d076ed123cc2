/** Locks and claims that go in one message: what becomes of a claim without its lock, and who waits for whom. */

import { describe, expect, it } from 'vitest';
import { Admission } from '#src/protocol/bid/admission.js';
import { bidForTicks } from '#src/protocol/bid/bid.js';
import type { BidParts } from '#src/protocol/bid/bid-parts.js';
import { OwnClaims } from '#src/protocol/bid/own-claims.js';
import type { DueTick } from '#src/protocol/contract/due-tick.js';
import type { ElectorateView } from '#src/protocol/contract/electorate-view.js';
import type {
  CarriedClaims,
  Claim,
  ClaimReply,
  ClaimVote,
  LockVerdict,
  NodeReply,
  VotingNode,
} from '#src/protocol/contract/ports.js';
import { guardLedger } from '#src/protocol/ledger/guarded-ports.js';
import { QuorumTickLedger } from '#src/protocol/ledger/quorum-tick-ledger.js';
import { resolveProtocolOptions } from '#src/protocol/options/protocol-options.js';
import { ManualClock } from '#src/testing/manual-clock.js';
import { SeededRandom } from '#src/testing/seeded-random.js';
import { setOf } from '../../../support/electorate.js';
import { taskOf } from '../../../support/tasks.js';

const T = 1_000_000;
const POSITIONS = ['n1', 'n2', 'n3'];
const GRANTED: ClaimVote = { kind: 'granted' };
const NOT_ASKED: ClaimVote = { kind: 'not_asked' };
const HELD: LockVerdict = { kind: 'held', holder: 'other' };
const SILENT: LockVerdict = { kind: 'no_quorum', reason: '3 timeout of 3 nodes' };

/** What the nodes say to one message: per task its lock's verdict, and one vote per node; none where it is silent. */
type Says = Readonly<Record<string, readonly [LockVerdict | 'acquired', ...(ClaimVote | undefined)[]]>>;

/** @param says one for each message, the last one for all further ones @param isDeaf a provider that carries nothing */
function bidding(says: readonly Says[], isDeaf = false) {
  const clock = new ManualClock();
  const ids = Object.fromEntries(POSITIONS.map((position) => [position, `1.${position}`]));
  const messages: string[][] = [];
  const claimed: string[] = [];
  const givenBack: string[] = [];
  const started: string[] = [];
  /** Answers of the third node, which come when a test says so. */
  const late: (() => void)[] = [];
  const node = (position: string): VotingNode =>
    ({
      ...{ label: position, position, callDeadlineMs: () => 0, carry: () => () => undefined },
      claim: async (claims: readonly Claim[]): Promise<NodeReply<ClaimReply>> => {
        claimed.push(...claims.map(({ claimId, task }) => `${position} ${task} ${claimId}`));
        return { answered: true, value: { votes: claims.map(() => GRANTED) }, nodeTimeMs: T };
      },
      giveBack: async (claims: readonly Claim[]) => {
        givenBack.push(...claims.map(({ task }) => `${position} ${task}`));
        return { answered: true, value: undefined, nodeTimeMs: T };
      },
    }) as unknown as VotingNode;
  const set = setOf(POSITIONS);
  const ledger = new QuorumTickLedger(POSITIONS.map(node), {
    namedIds: () => ids,
    terms: () => ({ set, ids, deadlineMs: 0 }),
    renamed: () => undefined,
  } as unknown as ElectorateView);
  const answer = (carried: CarriedClaims, said: Says): void => {
    for (const [index, position] of POSITIONS.entries()) {
      carried.left(position, 0);
      const votes = carried.claims.map(({ task }) => said[task]?.[index + 1] as ClaimVote | undefined);
      const isSilent = votes.includes(undefined);
      const reply: NodeReply<ClaimReply> = isSilent
        ? { answered: false, reason: 'timeout' }
        : { answered: true, value: { votes: votes.flatMap((vote) => vote ?? []) }, nodeTimeMs: T };
      if (index < 2) carried.answered(position, reply);
      else late.push(() => carried.answered(position, reply));
    }
  };
  const ownClaims = new OwnClaims();
  let lastCarried: CarriedClaims | undefined;
  const copiesMs: number[] = [];
  const breakCarry = (): void => {
    ledger.carry = () => {
      throw new Error('broken');
    };
  };
  const parts = {
    instanceId: 'me',
    options: resolveProtocolOptions({}),
    ...{ clock, random: new SeededRandom(1), ownClaims, admission: new Admission() },
    clusterClock: { nowMs: () => T + clock.monotonicMs() },
    keeper: { doubtIfPresenceLost: () => undefined },
    stopped: new AbortController().signal,
    track: (work: Promise<unknown>) => void work,
    observer: { observe: () => undefined },
    ledger: guardLedger(ledger, { observe: () => undefined }),
    locks: {
      tryAcquire: async (tasks: readonly string[], _ttlMs: number, carried?: CarriedClaims) => {
        messages.push(tasks.map((task, index) => `${task} ${carried?.claims[index]?.claimId ?? 'alone'}`));
        const said = says[Math.min(messages.length, says.length) - 1] ?? {};
        lastCarried = carried;
        if (carried !== undefined && !isDeaf) answer(carried, said);
        return tasks.map((task): LockVerdict => {
          const lock = said[task]?.[0] ?? SILENT;
          return lock === 'acquired' ? { kind: 'acquired', lock: { task, value: task } } : lock;
        });
      },
      release: async () => undefined,
    },
  } as unknown as BidParts;
  const dueOf = (name: string, given: Partial<DueTick['task']> = {}): DueTick => ({
    ...{ task: { ...taskOf(() => undefined, { name }), ...given }, tick: T, maxLatenessMs: 5_000 },
  });
  const bid = (...dues: readonly DueTick[]) =>
    bidForTicks(parts, dues, {
      start: ({ due }) => void started.push(due.task.name),
      onCopy: (tookMs) => copiesMs.push(tookMs),
    });
  const settle = async (): Promise<void> => {
    for (let turns = 0; turns < 5; turns += 1) await new Promise((resolve) => setImmediate(resolve));
  };
  const hearLate = async (): Promise<void> => {
    await settle();
    for (const tell of late.splice(0)) tell();
  };
  const carriedLast = (): CarriedClaims | undefined => lastCarried;
  return {
    ...{ bid, dueOf, messages, claimed, givenBack, started, hearLate, settle, clock, ownClaims },
    ...{ carriedLast, copiesMs, breakCarry },
  };
}

const ACQUIRED: Says[string] = ['acquired', GRANTED, GRANTED, GRANTED];

describe('a bid in one step', () => {
  it('starts by the votes of a majority that came with the locks, without a message for the claims', async () => {
    const { bid, dueOf, messages, claimed, started, settle } = bidding([{ a: ACQUIRED }]);
    const verdicts = bid(dueOf('a'));
    await settle();
    // The third node has said nothing yet.
    expect(started).toEqual(['a']);
    expect((await verdicts).map(({ kind }) => kind)).toEqual(['won']);
    expect(messages).toHaveLength(1);
    expect(claimed).toEqual([]);
  });

  it('starts what has its lock, and lets go what has not, before the last node has answered', async () => {
    const refused: Says[string] = [HELD, NOT_ASKED, NOT_ASKED, NOT_ASKED];
    const { bid, dueOf, started, settle, hearLate, givenBack } = bidding([{ a: ACQUIRED, b: refused }]);
    const verdicts = await bid(dueOf('b'), dueOf('a'));
    expect(started).toEqual(['a']);
    expect(verdicts).toMatchObject([{ kind: 'open', outcome: 'overlap', by: 'other' }, { kind: 'won' }]);
    await hearLate();
    await settle();
    // Every node has said that it has not granted it.
    expect(givenBack).toEqual([]);
  });

  it('gives back a claim that some node has granted, or may have, where the lock was not acquired', async () => {
    const { bid, dueOf, started, hearLate, settle, givenBack, ownClaims, messages } = bidding([
      { a: [HELD, NOT_ASKED, NOT_ASKED, GRANTED], b: [HELD, NOT_ASKED, NOT_ASKED, GRANTED] },
    ]);
    // A majority has refused the locks: the third node is heard for what is to be given back, and nobody waits for it.
    const verdicts = await bid(dueOf('a'), dueOf('b'));
    expect(verdicts.map(({ kind }) => kind)).toEqual(['open', 'open']);
    expect([started, givenBack]).toEqual([[], []]);
    await hearLate();
    await settle();
    expect(givenBack).toEqual(POSITIONS.flatMap((position) => [`${position} a`, `${position} b`]));
    const [claimId] = messages[0]?.map((one) => one.split(' ')[1]) ?? [];
    expect(ownClaims.fateOf(claimId)).toBe('surrendered');
  });

  it('knows who has the tick although the lock is held', async () => {
    const taken: ClaimVote = { kind: 'taken', claimId: 'other:1' };
    const { bid, dueOf, hearLate } = bidding([{ a: [HELD, taken, taken, taken] }]);
    const verdicts = bid(dueOf('a'));
    await hearLate();
    expect(await verdicts).toMatchObject([{ kind: 'decided', outcome: 'taken', by: 'other' }]);
  });

  it('sends lock and claim again where no answer came, with the id of the claim', async () => {
    const lost: Says = { a: [SILENT, undefined, undefined, undefined] };
    const { bid, dueOf, messages, started, hearLate, clock, settle } = bidding([lost, { a: ACQUIRED }]);
    const verdicts = bid(dueOf('a'));
    await hearLate();
    await settle();
    await clock.advance(20);
    expect((await verdicts).map(({ kind }) => kind)).toEqual(['won']);
    expect(started).toEqual(['a']);
    expect(messages).toHaveLength(2);
    expect(messages[1]).toEqual(messages[0]);
  });

  it('asks the nodes for the claims where the provider carries none', async () => {
    const { bid, dueOf, claimed, started } = bidding([{ a: ['acquired'] }], true);
    expect((await bid(dueOf('a'))).map(({ kind }) => kind)).toEqual(['won']);
    expect(started).toEqual(['a']);
    expect(claimed).toHaveLength(3);
  });

  it('sends no claim along for a task whose history may want another tick first', async () => {
    const { bid, dueOf, messages, hearLate } = bidding([{ a: ACQUIRED, b: [HELD] }]);
    const policies = { ...taskOf(() => undefined).policies, misfire: 'all' };
    const verdicts = bid(dueOf('b', { policies } as Partial<DueTick['task']>), dueOf('a'));
    await hearLate();
    expect((await verdicts).map(({ kind }) => kind)).toEqual(['open', 'won']);
    expect(messages.map(([first]) => first?.replace(/me:.*/, 'with its claim')).sort()).toEqual([
      'a with its claim',
      'b alone',
    ]);
  });

  it('lets no message leave when the verdict is made: its claims would be granted to nobody', async () => {
    const { bid, dueOf, carriedLast, claimed } = bidding([{ a: ['acquired'] }], true);
    await bid(dueOf('a'));
    expect(POSITIONS.map((position) => carriedLast()?.left(position, T))).toEqual([false, false, false]);
    // They were claimed by a message of their own.
    expect(claimed).toHaveLength(3);
  });

  it('takes nothing for its own that it never sent: a provider without carriage meets a tick that is taken', async () => {
    const { bid, dueOf, ownClaims, messages } = bidding([{ a: [HELD] }], true);
    expect(await bid(dueOf('a'))).toMatchObject([{ kind: 'open', outcome: 'overlap' }]);
    const [claimId] = messages[0]?.map((one) => one.split(' ')[1]) ?? [];
    expect(ownClaims.fateOf(claimId)).toBe('surrendered');
    expect(ownClaims.fateBetween('a', T, T)).toBeUndefined();
  });

  it('tells how long a copy took without the pauses between copies', async () => {
    const lost: Says = { a: [SILENT, undefined, undefined, undefined] };
    const { bid, dueOf, hearLate, clock, settle, copiesMs } = bidding([lost, { a: ACQUIRED }]);
    const verdicts = bid(dueOf('a'));
    await hearLate();
    await settle();
    await clock.advance(100);
    await verdicts;
    expect(copiesMs).toEqual([0, 0]);
  });

  it('bids by two messages where the ledger throws instead of handing out its claims', async () => {
    const { bid, dueOf, claimed, breakCarry } = bidding([{ a: ['acquired'] }]);
    breakCarry();
    expect((await bid(dueOf('a'))).map(({ kind }) => kind)).toEqual(['won']);
    expect(claimed).toHaveLength(3);
  });

  it('remembers a claim that a majority has granted although the lock did not come in time, and gives it back', async () => {
    const { bid, dueOf, started, givenBack, hearLate, settle, ownClaims } = bidding([
      { a: [SILENT, GRANTED, GRANTED, GRANTED] },
    ]);
    expect(await bid(dueOf('a'))).toMatchObject([{ kind: 'open', outcome: 'no_quorum' }]);
    expect(started).toEqual([]);
    // Others may have been told that this instance has the tick.
    expect(ownClaims.fateBetween('a', T, T)).toBe('surrendered');
    await hearLate();
    await settle();
    expect(givenBack).toEqual(POSITIONS.map((position) => `${position} a`));
  });
});
