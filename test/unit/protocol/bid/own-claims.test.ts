/** Whose claim stands in the way: nobody takes an own claim for that of somebody else, nor one of somebody else for its own. */

import { describe, expect, it } from 'vitest';
import { Admission } from '#src/protocol/bid/admission.js';
import type { BidParts } from '#src/protocol/bid/bid-parts.js';
import { claimAll } from '#src/protocol/bid/claim-batch.js';
import type { LockedTick } from '#src/protocol/bid/locked-tick.js';
import { OwnClaims, whoseClaim } from '#src/protocol/bid/own-claims.js';
import { surrender } from '#src/protocol/bid/surrender.js';
import type { DueTick } from '#src/protocol/contract/due-tick.js';
import type { LedgerIds } from '#src/protocol/contract/ledger-id.js';
import type { Claim, ClaimVerdict } from '#src/protocol/contract/ports.js';
import { DEFAULT_POLICIES } from '#src/protocol/contract/task-policies.js';
import { claimNext } from '#src/protocol/run/claim-again.js';
import type { RunChain } from '#src/protocol/run/run-chain.js';
import type { RunParts } from '#src/protocol/run/run-parts.js';
import { ManualClock } from '#src/testing/manual-clock.js';
import { EVERY_SECOND, taskOf } from '../../../support/tasks.js';

const T = 1_000_000;
const task = taskOf(() => undefined, { schedule: EVERY_SECOND });
const due: DueTick = { task, tick: T, maxLatenessMs: 400 };

/** Bids of one instance for one tick. The answers to each are given by the test. */
function bidding() {
  const ownClaims = new OwnClaims();
  const clock = new ManualClock();
  const givenBack: string[] = [];
  const bid = (claimId: string, answer: Promise<ClaimVerdict>, namedIds?: LedgerIds) => {
    const claim: Claim = { task: task.name, tick: T, claimId, maxLatenessMs: 400 };
    const locked = {
      ...{ due, claim },
      lease: { isTrusted: () => true, lock: {} },
      bidAt: { namedIds },
    } as unknown as LockedTick;
    const parts = {
      clock,
      ownClaims,
      observer: { observe: () => undefined },
      ledger: {
        claim: async () => [await answer],
        giveBack: async (claims: readonly Claim[]) =>
          void givenBack.push(...claims.map((one) => one.claimId)),
      },
      options: { nodeTimeoutMs: 100 },
      clusterClock: { nowMs: () => T },
      keeper: { doubtIfPresenceLost: () => undefined },
      admission: new Admission(),
      stopped: new AbortController().signal,
      locks: { release: async () => undefined },
    } as unknown as BidParts;
    const giveUp = (losers: readonly LockedTick[], standing: readonly LockedTick[]): void =>
      void surrender(parts, losers, standing);
    return claimAll(parts, [locked], { start: () => undefined, giveUp }).then((verdicts) =>
      verdicts.get(locked),
    );
  };
  return { bid, ownClaims, givenBack };
}

const takenBy = (claimId?: string): Promise<ClaimVerdict> =>
  Promise.resolve({ kind: 'taken', votesOut: 0, ...(claimId !== undefined && { claimId }) });

describe('a bid that finds the tick taken', () => {
  it('by a claim of this instance that is still open, is worth another bid', async () => {
    const { bid } = bidding();
    let answerFirst: (verdict: ClaimVerdict) => void = () => undefined;
    const first = bid('first', new Promise((resolve) => (answerFirst = resolve)));
    expect(await bid('second', takenBy('first'))).toMatchObject({ kind: 'open', outcome: 'no_quorum' });
    answerFirst({ kind: 'won', votesOut: 2 });
    expect(await first).toMatchObject({ kind: 'won' });
    expect(await bid('third', takenBy('first'))).toEqual({ kind: 'ended_here' });
  });

  it('by a claim of this instance that no node had granted, is worth another bid: a doubled copy may stand', async () => {
    const { bid } = bidding();
    expect(await bid('first', takenBy('of another instance'))).toMatchObject({ outcome: 'taken' });
    expect(await bid('second', takenBy('first'))).toMatchObject({ kind: 'open', outcome: 'no_quorum' });
  });

  it('by a claim of another instance, is over', async () => {
    const { bid } = bidding();
    expect(await bid('first', takenBy('of another instance'))).toMatchObject({ outcome: 'taken' });
  });

  it('by nobody that the nodes can name, is not taken by the claim that asks, nor by one that was granted nowhere', async () => {
    const { bid } = bidding();
    expect(await bid('first', takenBy())).toMatchObject({ kind: 'decided', outcome: 'taken' });
    expect(await bid('second', takenBy())).toMatchObject({ kind: 'decided', outcome: 'taken' });
  });
});

describe('a claim that is won', () => {
  // The lock may rest on the old server of a position, and somebody else's lease on the new one.
  it('starts nothing where it names another server than the request for the lock did', async () => {
    const { bid, givenBack } = bidding();
    const before = { n1: '1.aa', n2: '1.bb' };
    const won = (ids: LedgerIds): Promise<ClaimVerdict> => Promise.resolve({ kind: 'won', votesOut: 2, ids });
    expect(await bid('moved', won({ n1: '2.cc', n2: '1.bb' }), before)).toMatchObject({ kind: 'open' });
    expect(await bid('unheard', won({ n2: '1.bb' }), before)).toMatchObject({ kind: 'open' });
    expect(givenBack).toEqual(['moved', 'unheard']);
    expect(await bid('same', won({ n2: '1.bb', n1: '1.aa' }), before)).toMatchObject({ kind: 'won' });
    // A node that was heard of in between adds nothing to what the lock rests on.
    expect(await bid('more', won({ ...before, n3: '1.dd' }), before)).toMatchObject({ kind: 'won' });
    // A ledger of one's own names nothing.
    const unnamed = Promise.resolve({ kind: 'won', votesOut: 2 } as const);
    expect(await bid('unnamed', unnamed, before)).toMatchObject({ kind: 'won' });
  });
});

describe('a claim under a lock that is held', () => {
  it('which nobody can name that has the tick, is asked for once', async () => {
    let asked = 0;
    const parts = {
      instanceId: 'i1',
      clock: new ManualClock(),
      ownClaims: new OwnClaims(),
      admission: new Admission(),
      random: { id: () => 'claim' },
      observer: { observe: () => undefined },
      options: { nodeTimeoutMs: 100 },
      clusterClock: { nowMs: () => T },
      stopped: new AbortController().signal,
      ledger: {
        claim: async () => {
          asked += 1;
          return [{ kind: 'taken', votesOut: 0 }];
        },
        giveBack: async () => undefined,
      },
    } as unknown as RunParts;
    const lease = { isTrusted: () => true, signal: new AbortController().signal };
    const run = { task, tick: T, lease, policies: DEFAULT_POLICIES, claimId: 'x' } as unknown as RunChain;
    const claimed = await claimNext(parts, run, due, async () => undefined);
    expect(claimed).toMatchObject({ refusal: { outcome: 'taken' } });
    expect(asked).toBe(1);
  });
});

describe('the claims of this instance', () => {
  it('tell of an instant what may stand there', () => {
    const claims = new OwnClaims();
    const claim: Claim = { task: task.name, tick: T, claimId: 'a', maxLatenessMs: 400 };
    claims.opened(claim);
    expect(whoseClaim(claims, due, undefined)).toBe('open');
    claims.surrendered(claim, false);
    expect(whoseClaim(claims, due, undefined)).toBeUndefined();
    expect(whoseClaim(claims, due, 'a')).toBe('surrendered');
    claims.surrendered({ ...claim, claimId: 'b' });
    expect(whoseClaim(claims, due, undefined)).toBe('surrendered');
    claims.won({ ...claim, claimId: 'c' });
    expect(whoseClaim(claims, due, undefined)).toBe('won');
  });
});
