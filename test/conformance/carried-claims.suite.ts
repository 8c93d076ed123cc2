/** What a lock provider must do that takes claims along with its locks, whatever it is made of. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type {
  CarriedClaims,
  Claim,
  ClaimTerms,
  ClaimVote,
  LockProvider,
  LockVerdict,
} from '#src/protocol/contract/ports.js';
import { termsFor } from '../support/electorate.js';
import type { LockStage } from './lock-provider.suite.js';

const TTL_MS = 1_500;

export function describeCarriedClaims(name: string, start: () => Promise<LockStage>): void {
  describe(`claims that go with the locks of ${name}`, () => {
    let stage: LockStage;
    let terms: ClaimTerms;
    let names = 0;

    const newTask = (): string => {
      names += 1;
      return `carried-${names}`;
    };
    const nodeNowMs = async (): Promise<number> => {
      const reply = await stage.voters[0]?.peek([]);
      return reply?.answered === true ? Math.floor(reply.nodeTimeMs) : 0;
    };
    const claimOf = (task: string, tick: number, owner = stage.myId): Claim => ({
      ...{ task, tick, claimId: `${owner}:${task}`, maxLatenessMs: 60_000 },
    });

    /** One word per node for each claim, when all have answered. */
    async function bid(locks: LockProvider, claims: readonly Claim[]) {
      const left: string[] = [];
      const told: (readonly ClaimVote[])[] = [];
      let isAllTold = (): void => undefined;
      const allTold = new Promise<void>((resolve) => {
        isAllTold = resolve;
      });
      const carried: CarriedClaims = {
        ...{ claims, set: terms.set, ids: terms.ids },
        left: (position) => left.push(position) > 0,
        answered: (position, reply) => {
          if (!left.includes(position)) throw new Error(`${position} has answered what had not left`);
          if (!reply.answered) throw new Error(`no answer: ${reply.reason}`);
          told.push(reply.value.votes);
          if (told.length === stage.nodes) isAllTold();
        },
      };
      const tasks = claims.map(({ task }) => task);
      const verdicts = await locks.tryAcquire(tasks, TTL_MS, carried);
      await allTold;
      const words = claims.map((_, index) => told.map((votes) => wordOf(votes[index])));
      return { verdicts, words, left };
    }

    /** A verdict comes with a majority; a claim that is refused tells when every node has the lock. */
    const lockEverywhere = async (locks: LockProvider, task: string, nowMs: number) => {
      const { verdicts, words } = await bid(locks, [claimOf(task, nowMs + 60_000)]);
      expect(words).toEqual([everyNode('early')]);
      return verdicts;
    };

    const everyNode = (word: string): readonly string[] => stage.voters.map(() => word);
    const release = async (locks: LockProvider, verdicts: readonly LockVerdict[]): Promise<void> =>
      locks.release(verdicts.flatMap((one) => (one.kind === 'acquired' ? [one.lock] : [])));

    beforeAll(async () => {
      stage = await start();
      terms = await termsFor(stage.voters);
      // A new store abstains for one time to live, and the tests count the votes of all.
      for (;;) {
        const { verdicts, words } = await bid(stage.mine, [claimOf(newTask(), await nodeNowMs())]);
        await release(stage.mine, verdicts);
        if (words[0]?.every((word) => word === 'granted') === true) return;
        await new Promise((resolve) => setImmediate(resolve));
      }
    });
    afterAll(async () => stage?.close());

    it('are granted where the lock is, in one message per node', async () => {
      const nowMs = await nodeNowMs();
      const claims = [newTask(), newTask()].map((task) => claimOf(task, nowMs));
      const { verdicts, words, left } = await bid(stage.mine, claims);
      expect(verdicts.map(({ kind }) => kind)).toEqual(['acquired', 'acquired']);
      expect(words).toEqual([everyNode('granted'), everyNode('granted')]);
      expect([...left].sort()).toEqual(stage.voters.map(({ position }) => position).sort());
      await release(stage.mine, verdicts);
    });

    it('are not claimed where the lock is refused, and those beside them are', async () => {
      const nowMs = await nodeNowMs();
      const [held, free] = [newTask(), newTask()];
      const theirs = await lockEverywhere(stage.yours, held, nowMs);
      const { verdicts, words } = await bid(stage.mine, [claimOf(held, nowMs), claimOf(free, nowMs)]);
      expect(verdicts).toMatchObject([{ kind: 'held', holder: stage.yourId }, { kind: 'acquired' }]);
      expect(words).toEqual([everyNode('not_asked'), everyNode('granted')]);
      await release(stage.yours, theirs);
      await release(stage.mine, verdicts);
      // Nothing of it stands in the way of the next one.
      const again = await bid(stage.yours, [claimOf(held, nowMs, stage.yourId)]);
      expect(again.words).toEqual([everyNode('granted')]);
      await release(stage.yours, again.verdicts);
    });

    it('tell who has the tick, also where the lock is refused', async () => {
      const nowMs = await nodeNowMs();
      const task = newTask();
      const theirs = await bid(stage.yours, [claimOf(task, nowMs, stage.yourId)]);
      expect(theirs.verdicts[0]?.kind).toBe('acquired');
      const held = await bid(stage.mine, [claimOf(task, nowMs)]);
      expect(held.verdicts[0]?.kind).toBe('held');
      expect(held.words).toEqual([everyNode(`taken ${stage.yourId}:${task}`)]);
      await release(stage.yours, theirs.verdicts);
      const free = await bid(stage.mine, [claimOf(task, nowMs)]);
      expect(free.verdicts[0]?.kind).toBe('acquired');
      expect(free.words).toEqual([everyNode(`taken ${stage.yourId}:${task}`)]);
      await release(stage.mine, free.verdicts);
    });

    it('are refused as ever, lock or not: early, and of another set', async () => {
      const nowMs = await nodeNowMs();
      const early = await bid(stage.mine, [claimOf(newTask(), nowMs + 60_000)]);
      expect(early.words).toEqual([everyNode('early')]);
      await release(stage.mine, early.verdicts);
      const before = terms;
      terms = { ...before, set: { ...before.set, generation: before.set.generation + 1 } };
      const newer = await bid(stage.mine, [claimOf(newTask(), nowMs)]);
      terms = before;
      expect(newer.words).toEqual([everyNode('unstamped')]);
      await release(stage.mine, newer.verdicts);
    });

    it('grant nothing to whom names another memory, neither lock nor claim', async () => {
      const nowMs = await nodeNowMs();
      const before = terms;
      terms = { ...before, ids: Object.fromEntries(Object.keys(before.ids).map((one) => [one, '99.other'])) };
      const { verdicts, words } = await bid(stage.mine, [claimOf(newTask(), nowMs)]);
      terms = before;
      expect(verdicts[0]?.kind).toBe('no_quorum');
      expect(words).toEqual([everyNode('renamed')]);
    });
  });
}

function wordOf(vote: ClaimVote | undefined): string {
  if (vote === undefined) return 'none';
  return vote.kind === 'taken' && vote.claimId !== undefined ? `taken ${vote.claimId}` : vote.kind;
}
