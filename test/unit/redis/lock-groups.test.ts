import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { LockVerdict } from '#src/protocol/contract/ports.js';
import { decideAcquire, decideExtend, type LockVote } from '#src/protocol/lease/lock-verdict.js';
import { RedlockLockProvider } from '#src/redis/locks/redlock.lock-provider.js';
import type { RedisNode } from '#src/redis/node/redis-node.js';
import type { ScriptReply } from '#src/redis/node/script-channel.js';
import { redisKeys } from '#src/redis/scripts/redis-keys.js';
import type { RedisScript } from '#src/redis/scripts/redis-scripts.js';
import { ManualClock } from '#src/testing/manual-clock.js';
import { SEED } from '../../support/seed.js';

type Word = 'acquired' | 'held' | 'quarantined' | 'extended' | 'lost';
const SILENT: ScriptReply = { answered: false, reason: 'timeout' };
const TTL_MS = 3_000;
const keys = redisKeys('unit');
const taskOf = (index: number): string => `task-${index}`;

/** What a node says of each lock, or that it says nothing, and after how many turns. */
interface Script {
  readonly words: readonly Word[] | 'silent';
  readonly turns: number;
}

/** A node that answers as it is told, and notes what reaches it. */
class FakeNode {
  readonly messages: { readonly name: string; readonly locks: readonly string[] }[] = [];

  readonly patience = { timeoutMs: 100 };

  constructor(private readonly told: Script) {}

  onReply(): void {}

  callDeadlineNodeMs(): number {
    return 0;
  }

  async call({ name }: RedisScript, [, ...locks]: readonly string[]): Promise<ScriptReply> {
    this.messages.push({ name, locks });
    const { words, turns } = this.told;
    for (let turn = 0; turn < turns; turn += 1) await nextTurn();
    if (words === 'silent') return SILENT;
    const said = name === 'release' ? locks.map(() => 'released') : words;
    return { answered: true, value: [[], ...said], nodeTimeMs: 1 };
  }

  isToldToRelease(task: string): boolean {
    return this.messages.some(({ name, locks }) => name === 'release' && locks.includes(keys.lock(task)));
  }

  count(script: string): number {
    return this.messages.filter(({ name }) => name === script).length;
  }
}

function setUp(told: readonly Script[]) {
  const nodes = told.map((one) => new FakeNode(one));
  const locks = new RedlockLockProvider({
    ...{ nodes: nodes as unknown as readonly RedisNode[], keys, instanceId: 'me' },
    clock: new ManualClock(),
    positionOf: (node) => `n${nodes.indexOf(node as unknown as FakeNode)}`,
  });
  return { nodes, locks };
}

const at = (turns: number, ...words: readonly Word[]): Script => ({ words, turns });
/** The engine goes on when a majority has answered: what leaves for the others does so in the same turn. */
const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const kindsOf = (verdicts: readonly { readonly kind: string }[]): readonly string[] =>
  verdicts.map(({ kind }) => kind);

/** The votes on one lock, as all nodes have them. */
function votesOn(told: readonly Script[], lock: number): readonly LockVote[] {
  return told.map(({ words }) =>
    words === 'silent'
      ? { kind: 'silent', reason: 'timeout' }
      : ({ kind: words[lock] ?? 'held' } as LockVote),
  );
}

function scripts(words: readonly Word[]): fc.Arbitrary<readonly Script[]> {
  return fc.tuple(fc.constantFrom(1, 3, 5), fc.integer({ min: 1, max: 4 })).chain(([nodes, locks]) => {
    const ofLocks = fc.array(fc.constantFrom(...words), { minLength: locks, maxLength: locks });
    const script = fc.record({
      words: fc.oneof(
        { weight: 5, arbitrary: ofLocks },
        { weight: 1, arbitrary: fc.constant('silent' as const) },
      ),
      turns: fc.integer({ min: 0, max: 6 }),
    });
    return fc.array(script, { minLength: nodes, maxLength: nodes, size: 'max' });
  });
}

const countOfLocks = (told: readonly Script[]): number =>
  Math.max(1, ...told.map(({ words }) => (words === 'silent' ? 0 : words.length)));

describe('locks that are asked for together', () => {
  it('are one message for each node and step, and have values of their own', async () => {
    const { nodes, locks } = setUp([
      at(0, 'acquired', 'acquired'),
      at(1, 'acquired', 'acquired'),
      at(0, 'acquired', 'acquired'),
    ]);
    const verdicts = await locks.tryAcquire(['a', 'b'], TTL_MS);
    const held = verdicts.flatMap((verdict) => (verdict.kind === 'acquired' ? [verdict.lock] : []));
    expect(held.map(({ task }) => task)).toEqual(['a', 'b']);
    expect(new Set(held.map(({ value }) => value)).size).toBe(2);
    // Each leaves on its own, as its run ends.
    await Promise.all(held.map((lock) => locks.release([lock])));
    for (const node of nodes) {
      expect(node.count('acquire')).toBe(1);
      expect(node.count('release')).toBe(1);
    }
  });

  it('are granted and refused one by one, and only what is lost is given back', async () => {
    const { nodes, locks } = setUp([
      at(0, 'acquired', 'acquired', 'held', 'acquired'),
      at(0, 'acquired', 'held', 'held', 'held'),
      at(3, 'acquired', 'acquired', 'held', 'held'),
    ]);
    const tasks = ['all', 'most', 'none', 'few'];
    const verdicts: readonly LockVerdict[] = await locks.tryAcquire(tasks, TTL_MS);
    expect(kindsOf(verdicts)).toEqual(['acquired', 'acquired', 'held', 'held']);
    await nextTurn();
    for (const node of nodes) {
      expect(tasks.filter((task) => node.isToldToRelease(task))).toEqual(['none', 'few']);
      expect(node.count('acquire')).toBe(1);
    }
  });

  it(`have each the verdict that its votes mean, in whatever order nodes answer (SEED=${SEED})`, async () => {
    await fc.assert(
      fc.asyncProperty(scripts(['acquired', 'acquired', 'held', 'quarantined']), async (told) => {
        const { nodes, locks } = setUp(told);
        const tasks = Array.from({ length: countOfLocks(told) }, (_, index) => taskOf(index));
        const verdicts = await locks.tryAcquire(tasks, TTL_MS);
        const meant = tasks.map((_, lock) => decideAcquire(votesOn(told, lock), told.length));
        expect(kindsOf(verdicts)).toEqual(kindsOf(meant));
        await nextTurn();
        for (const [lock, { kind }] of meant.entries())
          for (const node of nodes) expect(node.isToldToRelease(taskOf(lock))).toBe(kind !== 'acquired');
      }),
      { seed: SEED, numRuns: 400 },
    );
  });

  it(`are renewed each as its votes mean, and never given back for it (SEED=${SEED})`, async () => {
    await fc.assert(
      fc.asyncProperty(scripts(['extended', 'extended', 'lost', 'quarantined']), async (told) => {
        const { nodes, locks } = setUp(told);
        const held = Array.from({ length: countOfLocks(told) }, (_, index) => ({
          task: taskOf(index),
          value: 'v',
        }));
        const verdicts = await locks.extend(held, TTL_MS);
        expect(kindsOf(verdicts)).toEqual(
          kindsOf(held.map((_, lock) => decideExtend(votesOn(told, lock), told.length))),
        );
        for (const node of nodes) expect(node.count('release')).toBe(0);
      }),
      { seed: SEED, numRuns: 400 },
    );
  });
});
