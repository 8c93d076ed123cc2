/** What every lock provider must do, whatever it is made of. */

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Claim, ClaimTerms, HeldLock, LockProvider, VotingNode } from '#src/protocol/contract/ports.js';
import { quorumOf } from '#src/protocol/contract/quorum.js';
import { termsFor } from '../support/electorate.js';
import { countUnderLock } from './counter-fuzz.js';

/** A store with two instances at it. */
export interface LockStage {
  readonly mine: LockProvider;
  readonly yours: LockProvider;
  /** Ids of the instances that the two providers act for. */
  readonly myId: string;
  readonly yourId: string;
  /** Its nodes, as one instance reaches them, to claim by. */
  readonly voters: readonly VotingNode[];
  /** How many nodes it has. */
  readonly nodes: number;
  /** So many of them forget everything. */
  forget(nodes: number): Promise<void>;
  /** A node that has missed the request for this lock. */
  miss(node: number, task: string): Promise<void>;
  close(): Promise<void>;
}

const TTL_MS = 400;
/** For locks that must not expire during a test. */
const LONG_TTL_MS = 1_500;

export function describeLockProvider(name: string, start: () => Promise<LockStage>): void {
  describe(`the lock provider ${name}`, () => {
    let stage: LockStage;
    let names = 0;

    const newTask = (): string => {
      names += 1;
      return `task-${names}`;
    };
    const acquire = async (
      locks: LockProvider,
      task: string,
      ttlMs = TTL_MS,
    ): Promise<HeldLock | undefined> => {
      const [verdict] = await locks.tryAcquire([task], ttlMs);
      return verdict?.kind === 'acquired' ? verdict.lock : undefined;
    };
    const require = async (locks: LockProvider, task: string, ttlMs = TTL_MS): Promise<HeldLock> => {
      for (;;) {
        const lock = await acquire(locks, task, ttlMs);
        if (lock !== undefined) return lock;
        await new Promise((resolve) => setImmediate(resolve));
      }
    };

    let terms: ClaimTerms;
    const claimed = async (task: string, tick: number, nodes = stage.voters): Promise<Claim> => {
      const claim = { task, tick, claimId: `somebody:${tick}`, maxLatenessMs: 60_000 };
      for (const node of nodes) {
        const reply = await node.claim([claim], terms);
        if (!reply.answered || reply.value.votes[0]?.kind !== 'granted') {
          throw new Error(`not granted: ${JSON.stringify(reply)}`);
        }
      }
      return claim;
    };
    /** Instants that nodes grant, each later than the one before. */
    let lastInstant = 0;
    const nextInstant = async (): Promise<number> => {
      const [first] = stage.voters;
      const reply = await first?.peek([]);
      const nowMs = reply?.answered === true ? Math.floor(reply.nodeTimeMs) : 0;
      lastInstant = Math.max(lastInstant + 1, nowMs - 500);
      return lastInstant;
    };

    beforeAll(async () => {
      stage = await start();
      terms = await termsFor(stage.voters);
      // A new store abstains for one time to live.
      await stage.mine.release([await require(stage.mine, newTask(), LONG_TTL_MS)]);
    });
    afterAll(async () => stage?.close());

    /** What each node keeps of a line. */
    const endsOf = async (line: string): Promise<readonly unknown[]> => {
      const kept: unknown[] = [];
      for (const node of stage.voters) {
        const reply = await node.inquire({ instanceId: stage.myId, lines: [{ line, lock: line }] });
        if (!reply.answered) throw new Error(`no answer: ${reply.reason}`);
        const { ends, droppedUpTo } = reply.value.lines[0]?.ends ?? { ends: [], droppedUpTo: 0 };
        kept.push([droppedUpTo, ...ends.map(({ instant, outcome, claimId }) => [instant, outcome, claimId])]);
      }
      return kept;
    };
    const everyNode = (...ends: readonly unknown[]): readonly unknown[] =>
      stage.voters.map(() => [0, ...ends]);

    it('brings the ends of attempts with a release to every node, in the order in which they came', async () => {
      const task = newTask();
      const first = { instant: 1_000, claimId: `${stage.myId}:1`, outcome: 'failed' as const };
      await stage.mine.release([
        { ...(await require(stage.mine, task, LONG_TTL_MS)), ended: { line: task, ends: [first] } },
      ]);
      const second = { instant: 1_001, claimId: `${stage.myId}:2`, outcome: 'success' as const };
      await stage.mine.release([
        { ...(await require(stage.mine, task, LONG_TTL_MS)), ended: { line: task, ends: [second] } },
      ]);
      expect(await endsOf(task)).toEqual(
        everyNode([1_000, 'failed', `${stage.myId}:1`], [1_001, 'success', `${stage.myId}:2`]),
      );
      expect(await acquire(stage.yours, task)).toBeDefined();
    });

    it('brings them also with a lock that is somebody else’s by now, once, and leaves that lock alone', async () => {
      const task = newTask();
      const lock = await require(stage.yours, task, LONG_TTL_MS);
      const ended = {
        line: task,
        ends: [{ instant: 2_000, claimId: `${stage.myId}:3`, outcome: 'aborted' as const }],
      };
      for (let times = 0; times < 2; times += 1)
        await stage.mine.release([{ task, value: '0'.repeat(32), ended }]);
      expect(await endsOf(task)).toEqual(everyNode([2_000, 'aborted', `${stage.myId}:3`]));
      expect(await acquire(stage.mine, task)).toBeUndefined();
      await stage.yours.release([lock]);
    });

    it('keeps ends of runs whose lock goes on, and the lock', async () => {
      const task = newTask();
      const lock = await require(stage.mine, task, LONG_TTL_MS);
      const ends = [{ instant: 3_000, claimId: `${stage.myId}:4`, outcome: 'timed_out' as const }];
      await stage.mine.keepEnds?.([{ line: task, ends }]);
      expect(await endsOf(task)).toEqual(everyNode([3_000, 'timed_out', `${stage.myId}:4`]));
      expect(await acquire(stage.yours, task)).toBeUndefined();
      await stage.mine.release([lock]);
    });

    it.each([
      ['four newest ends of a line', {}, 4],
      ['sixteen newest ends of a line whose runs may overlap', { mayOverlap: true as const }, 16],
    ])('keeps the %s, and says up to where others may have been', async (_title, given, most) => {
      const task = newTask();
      const ends = Array.from({ length: 20 }, (_, index) => ({
        ...{ instant: 4_000 + index, claimId: `${stage.myId}:${index}`, outcome: 'success' as const },
      }));
      // Of two that come at the same time for one line none is lost.
      await stage.mine.keepEnds?.([
        { line: task, ends: ends.slice(0, 18), ...given },
        { line: task, ends: ends.slice(18), ...given },
      ]);
      for (const kept of await endsOf(task)) {
        const [droppedUpTo, ...left] = kept as readonly unknown[];
        expect(droppedUpTo).toBe(4_019 - most);
        expect(left).toEqual(ends.slice(-most).map((one) => [one.instant, 'success', one.claimId]));
      }
    });

    it('grants a lock to one of two, and names the holder to the other', async () => {
      const task = newTask();
      await require(stage.mine, task);
      expect(await stage.yours.tryAcquire([task], TTL_MS)).toEqual([{ kind: 'held', holder: stage.myId }]);
    });

    it('does not grant a lock to the same instance twice: every acquisition is its own', async () => {
      const task = newTask();
      await require(stage.mine, task);
      expect((await stage.mine.tryAcquire([task], TTL_MS))[0]?.kind).toBe('held');
    });

    it('frees a lock on release, and only for its holder', async () => {
      const task = newTask();
      const lock = await require(stage.mine, task);
      await stage.yours.release([{ task, value: '0'.repeat(32) }]);
      expect(await acquire(stage.yours, task)).toBeUndefined();
      await stage.mine.release([lock]);
      expect(await acquire(stage.yours, task)).toBeDefined();
    });

    it('frees a lock whose time to live has passed', async () => {
      const task = newTask();
      await require(stage.mine, task);
      const lock = await require(stage.yours, task);
      expect(lock.task).toBe(task);
    });

    it('keeps a lock alive for as long as it is extended', async () => {
      const task = newTask();
      const lock = await require(stage.mine, task);
      const endMs = performance.now() + 3 * TTL_MS;
      while (performance.now() < endMs) {
        expect(await stage.mine.extend([lock], TTL_MS)).toMatchObject([{ kind: 'extended' }]);
        expect(await acquire(stage.yours, task)).toBeUndefined();
      }
    });

    it('says lost when somebody else holds the lock by now, and takes nothing from them', async () => {
      const task = newTask();
      const old = await require(stage.mine, task);
      const current = await require(stage.yours, task);
      expect(await stage.mine.extend([old], TTL_MS)).toEqual([{ kind: 'lost' }]);
      await stage.mine.release([old]);
      expect(await stage.yours.extend([current], TTL_MS)).toMatchObject([{ kind: 'extended' }]);
    });

    it('says lost when the lock is gone', async () => {
      const task = newTask();
      const lock = await require(stage.mine, task);
      await stage.mine.release([lock]);
      expect(await stage.mine.extend([lock], TTL_MS)).toEqual([{ kind: 'lost' }]);
    });

    it('makes a lock again on nodes that have missed it, if its claims are shown', async () => {
      const task = newTask();
      const lock = await require(stage.mine, task, LONG_TTL_MS);
      const claims = { line: task, won: 1, open: [] };
      for (let node = 0; node < stage.nodes; node += 1) await stage.miss(node, task);
      expect(await stage.mine.extend([lock], LONG_TTL_MS)).toEqual([{ kind: 'lost' }]);
      expect(await stage.mine.extend([{ ...lock, claims }], LONG_TTL_MS)).toMatchObject([
        { kind: 'extended' },
      ]);
      expect(await stage.yours.tryAcquire([task], LONG_TTL_MS)).toEqual([
        { kind: 'held', holder: stage.myId },
      ]);
      await stage.mine.release([lock]);
      expect(await acquire(stage.yours, task)).toBeDefined();
    });

    it('does not make it again where somebody else holds it', async () => {
      const task = newTask();
      const old = await require(stage.mine, task);
      await require(stage.yours, task, LONG_TTL_MS);
      const claims = { line: task, won: 1, open: [] };
      expect(await stage.mine.extend([{ ...old, claims }], TTL_MS)).toEqual([{ kind: 'lost' }]);
    });

    it('says lost, whatever stands, when somebody else has claimed the task since', async () => {
      const task = newTask();
      const lock = await require(stage.mine, task, LONG_TTL_MS);
      const won = await nextInstant();
      const line = task;
      const renewed = (claims: { won: number; upTo?: number; open?: readonly string[] }) =>
        stage.mine.extend([{ ...lock, claims: { line, open: [], ...claims } }], LONG_TTL_MS);
      const { tick, claimId } = await claimed(line, (await nextInstant()) + 1);
      expect(await renewed({ won })).toEqual([{ kind: 'lost' }]);
      expect(await renewed({ won: tick })).toMatchObject([{ kind: 'extended' }]);
      expect(await renewed({ won, open: ['another:1', claimId] })).toMatchObject([{ kind: 'extended' }]);
      expect(await renewed({ won, upTo: tick })).toEqual([{ kind: 'lost' }]);
      expect(await renewed({ won, upTo: tick - 1 })).toMatchObject([{ kind: 'extended' }]);
      for (let node = 0; node < stage.nodes; node += 1) await stage.miss(node, task);
      expect(await renewed({ won })).toEqual([{ kind: 'lost' }]);
      expect(await acquire(stage.yours, task)).toBeDefined();
    });

    it('answers a batch in its order', async () => {
      const [held, free] = [newTask(), newTask()];
      await require(stage.yours, held, LONG_TTL_MS);
      const verdicts = await stage.mine.tryAcquire([held, free], TTL_MS);
      expect(verdicts.map(({ kind }) => kind)).toEqual(['held', 'acquired']);
    });

    it('protects a counter that is read, awaited and written: no increment is lost', async () => {
      const contenders = [stage.mine, stage.yours, stage.mine, stage.yours];
      expect(await countUnderLock(contenders, 10, newTask(), LONG_TTL_MS)).toEqual({
        added: 40,
        counter: 40,
      });
    });

    // Last, since the nodes abstain afterwards.
    it('says held only where a majority does: nodes that may have forgotten speak for nobody', async () => {
      const task = newTask();
      await require(stage.mine, task, LONG_TTL_MS);
      const minority = stage.nodes - quorumOf(stage.nodes);
      await stage.forget(minority);
      expect((await stage.yours.tryAcquire([task], LONG_TTL_MS))[0]).toMatchObject({
        kind: 'held',
        holder: stage.myId,
      });
      await stage.forget(quorumOf(stage.nodes));
      expect((await stage.yours.tryAcquire([task], LONG_TTL_MS))[0]?.kind).toBe('no_quorum');
    });
  });
}
