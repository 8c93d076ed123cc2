/**
 * The rule by which votes become the verdict on a run lock, held to be one and the same wherever there are votes: over Redis, over
 * memory nodes, and in the simulated world. Otherwise leases would be simulated on another rule than is shipped.
 */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MemoryLockProvider } from '#src/memory/memory-lock-provider.js';
import type { MemoryNode } from '#src/memory/memory-node.js';
import type { ExtendVerdict, LockProvider, LockVerdict } from '#src/protocol/contract/ports.js';
import { RedlockLockProvider } from '#src/redis/locks/redlock.lock-provider.js';
import type { RedisNode } from '#src/redis/node/redis-node.js';
import { redisKeys } from '#src/redis/scripts/redis-keys.js';
import { ManualClock } from '#src/testing/manual-clock.js';
import { SeededRandom } from '#src/testing/seeded-random.js';
import type { Machine } from '../simulation/world/machine.js';
import type { Network, Request } from '../simulation/world/network.js';
import { NetworkedLocks } from '../simulation/world/networked-locks.js';
import type { Server } from '../simulation/world/server.js';
import { SEED } from '../support/seed.js';

type AcquireVote =
  | { readonly kind: 'acquired' | 'quarantined' | 'too_late' | 'silent' }
  | { readonly kind: 'held'; readonly holder?: string; readonly freeInMs?: number };
type ExtendWord = 'extended' | 'lost' | 'quarantined' | 'too_late' | 'silent';

const RUNS = 400;
const TTL_MS = 3_000;
const SILENCE = { answered: false, reason: 'timeout' } as const;

const held = (holder?: string, freeInMs?: number): AcquireVote => ({
  kind: 'held',
  ...(holder !== undefined && { holder }),
  ...(freeInMs !== undefined && { freeInMs }),
});
const acquired: AcquireVote = { kind: 'acquired' };
const silent: AcquireVote = { kind: 'silent' };

function wordOf(vote: AcquireVote): string {
  if (vote.kind !== 'held' || vote.holder === undefined) return vote.kind;
  return vote.freeInMs === undefined ? `held ${vote.holder}` : `dying ${vote.freeInMs} ${vote.holder}`;
}

/** Over Redis: the scripts' words, under the engine's own count. */
function overRedis(words: readonly string[]): LockProvider {
  const nodes = words.map((word) => ({
    patience: { timeoutMs: 100 },
    onReply: () => undefined,
    callDeadlineNodeMs: () => 0,
    call: async ({ name }: { readonly name: string }) =>
      word === 'silent' ? SILENCE : { answered: true, value: [[], name === 'release' ? 'released' : word] },
  }));
  return new RedlockLockProvider({
    nodes: nodes as unknown as readonly RedisNode[],
    keys: redisKeys('unit'),
    instanceId: 'me',
    clock: new ManualClock(),
    positionOf: () => 'n1',
  });
}

interface Votes {
  readonly acquire: (node: number) => unknown;
  readonly extend: (node: number) => unknown;
}

function overMemory(count: number, { acquire, extend }: Votes): LockProvider {
  const nodes = Array.from({ length: count }, (_, node) => ({
    locks: {
      acquire: () => acquire(node),
      extend: () => extend(node),
      release: () => true,
    },
  }));
  return new MemoryLockProvider(nodes as unknown as readonly MemoryNode[], new SeededRandom(1), 'me');
}

function inTheSimulation(silentNodes: readonly boolean[], { acquire, extend }: Votes): LockProvider {
  const servers = silentNodes.map((_, index) => ({
    index,
    wallMs: () => 0,
    desk: {
      acquire: () => ({ vote: acquire(index), isTakeOver: false }),
      extend: () => extend(index),
      release: () => undefined,
    },
  }));
  const machine = { monotonicMs: () => 0, turn: async () => undefined };
  const network = {
    request: async <T>({ server, work }: Request<T>) => (silentNodes[server.index] ? SILENCE : work()),
  };
  const nothing = (): void => undefined;
  return new NetworkedLocks({
    machine: machine as unknown as Machine,
    servers: () => servers as unknown as readonly Server[],
    network: network as unknown as Network,
    random: new SeededRandom(1),
    instanceId: 'me',
    isSeenBy: () => true,
    nodeTimeoutMs: 100,
    witness: { bid: nothing, opened: nothing, closed: nothing, granted: nothing, tookOver: nothing },
    onAcquired: nothing,
    releases: { letGo: nothing },
    renewals: { nowMs: () => 0, answered: nothing },
    votesOn: (_server, _asked, _sentMs, decide) => decide(),
    reach: () => undefined,
    onRenewal: nothing,
    onRelease: nothing,
  });
}

/** What each of the three says; the values of locks are random and left out. */
async function onAcquire(votes: readonly AcquireVote[]): Promise<Record<string, unknown>> {
  const answers: Votes = { acquire: (node) => votes[node], extend: () => 'lost' };
  const providers: Record<string, LockProvider> = {
    redis: overRedis(votes.map(wordOf)),
    simulator: inTheSimulation(
      votes.map(({ kind }) => kind === 'silent'),
      answers,
    ),
  };
  // Memory nodes are never silent.
  if (votes.every(({ kind }) => kind !== 'silent')) providers.memory = overMemory(votes.length, answers);
  return verdictsOf(providers, async (locks) => {
    const [verdict] = await locks.tryAcquire(['t'], TTL_MS);
    return verdict?.kind === 'acquired' ? { kind: 'acquired' } : verdict;
  });
}

async function onExtend(words: readonly ExtendWord[]): Promise<Record<string, unknown>> {
  const answers: Votes = { acquire: () => acquired, extend: (node) => words[node] };
  const providers: Record<string, LockProvider> = {
    redis: overRedis(words),
    simulator: inTheSimulation(
      words.map((word) => word === 'silent'),
      answers,
    ),
  };
  if (!words.includes('silent')) providers.memory = overMemory(words.length, answers);
  return verdictsOf(providers, async (locks) => {
    const [verdict] = await locks.extend([{ task: 't', value: 'v' }], TTL_MS);
    // Who has granted it is known to some, and decides nothing here.
    return verdict?.kind === 'extended' ? { kind: verdict.kind } : verdict;
  });
}

async function verdictsOf(
  providers: Record<string, LockProvider>,
  ask: (locks: LockProvider) => Promise<unknown>,
): Promise<Record<string, unknown>> {
  const entries = Object.entries(providers).map(async ([name, locks]) => [name, await ask(locks)] as const);
  return Object.fromEntries(await Promise.all(entries));
}

/** The same verdict from each that was asked. */
async function expectAll(
  verdicts: Promise<Record<string, unknown>>,
  verdict: Exclude<LockVerdict, { kind: 'acquired' }> | ExtendVerdict,
): Promise<void> {
  const said = await verdicts;
  expect(said).toEqual(Object.fromEntries(Object.keys(said).map((name) => [name, verdict])));
}

const anyVote: fc.Arbitrary<AcquireVote> = fc.oneof(
  fc.constantFrom<AcquireVote>(
    acquired,
    acquired,
    silent,
    { kind: 'quarantined' },
    { kind: 'too_late' },
    held(),
  ),
  fc.constantFrom('a', 'b', 'c').map((holder) => held(holder)),
  fc
    .tuple(fc.constantFrom('a', 'b', 'c'), fc.integer({ min: 0, max: 150 }))
    .map(([holder, freeInMs]) => held(holder, freeInMs)),
);
const anyWord = fc.constantFrom<ExtendWord>(
  'extended',
  'extended',
  'lost',
  'lost',
  'quarantined',
  'too_late',
  'silent',
);

function ofSets<T>(vote: fc.Arbitrary<T>): fc.Arbitrary<readonly T[]> {
  return fc
    .constantFrom(1, 3, 5)
    .chain((nodes) => fc.array(vote, { minLength: nodes, maxLength: nodes, size: 'max' }));
}

describe('votes on a run lock', () => {
  it('mean held by a dead holder until a majority of nodes would grant it, not until each of them would', () =>
    expectAll(onAcquire([held('a', 150), held('a', 20), held('a')]), {
      kind: 'held',
      holder: 'a',
      freeInMs: 150,
    }));

  it('count a node that granted as one that would: its vote is there again at once', () =>
    expectAll(onAcquire([acquired, held('a', 40), held('a', 150)]), {
      kind: 'held',
      holder: 'a',
      freeInMs: 40,
    }));

  it('name no moment when too few nodes take the holder for dead', () =>
    expectAll(onAcquire([held('a', 40), held('a'), held('a')]), { kind: 'held', holder: 'a' }));

  it('name the holder that most nodes name, and of two the same one in whatever order they answer', async () => {
    await expectAll(onAcquire([held('b'), held('a'), held('a')]), { kind: 'held', holder: 'a' });
    await expectAll(onAcquire([held('b'), held('a'), silent]), { kind: 'held', holder: 'a' });
    await expectAll(onAcquire([held(), held('a'), held()]), { kind: 'held', holder: 'a' });
    await expectAll(onAcquire([held(), held(), held()]), { kind: 'held' });
  });

  it('say no majority, with a count of what each node said, when neither side has one', async () => {
    const reason = '1 acquired, 1 held, 1 timeout of 3 nodes';
    await expectAll(onAcquire([acquired, silent, held('a')]), { kind: 'no_quorum', reason });
    await expectAll(onExtend(['extended', 'lost', 'quarantined']), {
      kind: 'no_quorum',
      reason: '1 extended, 1 lost, 1 quarantined of 3 nodes',
    });
  });

  it(`mean the same to redlock over Redis, to memory nodes and in the simulated world, whatever they are (SEED=${SEED})`, async () => {
    const isOne = async (verdicts: Promise<Record<string, unknown>>): Promise<void> => {
      const { redis, ...others } = await verdicts;
      for (const other of Object.values(others)) expect(other).toEqual(redis);
    };
    const options = { seed: SEED, numRuns: RUNS };
    await fc.assert(
      fc.asyncProperty(ofSets(anyVote), (votes) => isOne(onAcquire(votes))),
      options,
    );
    await fc.assert(
      fc.asyncProperty(ofSets(anyWord), (words) => isOne(onExtend(words))),
      options,
    );
  });
});
