import type { LineEnds } from '../../protocol/contract/attempt-end.js';
import type { LedgerIds } from '../../protocol/contract/ledger-id.js';
import type {
  Clock,
  ExtendVerdict,
  LockProvider,
  LockToExtend,
  LockToRelease,
  LockVerdict,
} from '../../protocol/contract/ports.js';
import { type Bounded, withDeadline } from '../../protocol/time/within.js';
import type { RedisNode } from '../node/redis-node.js';
import type { RedisKeys } from '../scripts/redis-keys.js';
import { LockBatcher } from './lock-batcher.js';
import { LockRound, type LockRoundParts } from './lock-round.js';
import {
  createEngine,
  type EngineEnd,
  engineLockOf,
  ONE_ATTEMPT,
  type RedlockEngine,
  settled,
} from './redlock-engine.js';

export interface RedlockLockProviderSettings {
  readonly nodes: readonly RedisNode[];
  readonly keys: RedisKeys;
  readonly instanceId: string;
  readonly clock: Clock;
  readonly nodeTimeoutMs: number;
  /** Of a node, in the set of them. */
  readonly positionOf: (node: RedisNode) => string;
  /** The memories whose locks count; undefined: whatever answers. */
  readonly ids?: () => LedgerIds | undefined;
  /** A node is not the one that was meant, or knows newer ones: by these ids. */
  readonly onRenamed?: (node: RedisNode, ids: LedgerIds) => void;
}

/** An acquire may be followed by the release of its minority: two calls per node, and some room for this process. */
const CALLS_PER_REQUEST = 2;
const SLACK_MS = 50;

/** A release of what is no lock's value brings ends and frees nothing. Numbered, since each is kept until it is confirmed. */
const NO_LOCK = 'ends-';

/**
 * Run locks by the RedLock algorithm of the `redlock` package. Each node is a {@link LockBatcher} to it, so a batch
 * of tasks is one message per node.
 *
 * The engine sends, and tells when a majority is for or against; what the votes mean is protocol/lease/lock-verdict.ts's
 * affair. Everything that the engine would decide by a wall clock or by waiting is decided here. Whether a lock that comes late has a use is decided by its caller (protocol/bid/bid.ts).
 */
export class RedlockLockProvider implements LockProvider {
  private readonly settings: RedlockLockProviderSettings;
  private readonly rounds = new Map<string, LockRound>();
  private readonly engine: RedlockEngine;
  private lastRound = 0;

  constructor(settings: RedlockLockProviderSettings) {
    this.settings = settings;
    const { keys, instanceId, clock, positionOf, onRenamed = () => {} } = settings;
    const rounds = this.rounds;
    this.engine = createEngine(
      settings.nodes.map(
        (node) =>
          new LockBatcher({
            ...{ node, rounds, keys, instanceId, clock },
            onRenamed: (ids) => onRenamed(node, ids),
            position: positionOf(node),
          }),
      ),
    );
  }

  tryAcquire(tasks: readonly string[], ttlMs: number): Promise<readonly LockVerdict[]> {
    return this.inTime((bounded) => Promise.all(tasks.map((task) => this.acquireOne(task, ttlMs, bounded))));
  }

  extend(locks: readonly LockToExtend[], ttlMs: number): Promise<readonly ExtendVerdict[]> {
    return this.inTime((bounded) => Promise.all(locks.map((lock) => this.extendOne(lock, ttlMs, bounded))));
  }

  async release(locks: readonly LockToRelease[]): Promise<void> {
    await this.inTime((bounded) =>
      Promise.all(
        locks.map(({ task, value, ended }) =>
          this.releaseOne({ key: this.keyOf(task), value, ended }, bounded),
        ),
      ),
    );
  }

  async keepEnds(ended: readonly LineEnds[]): Promise<void> {
    await this.inTime((bounded) =>
      Promise.all(
        ended.map((one) => {
          this.lastRound += 1;
          return this.releaseOne(
            { key: this.keyOf(one.line), value: `${NO_LOCK}${this.lastRound}`, ended: one },
            bounded,
          );
        }),
      ),
    );
  }

  private async acquireOne(task: string, ttlMs: number, bounded: Bounded): Promise<LockVerdict> {
    return this.inRound({ key: this.keyOf(task) }, async (resource, round) => {
      const end = await settled(this.engine.acquire([resource], ttlMs, ONE_ATTEMPT), bounded);
      if (end === 'unsettled' || round.value === undefined) {
        await this.releaseOne({ key: round.key, value: round.value }, bounded);
        return { kind: 'no_quorum', reason: `no verdict within ${this.patienceMs()} ms` };
      }
      // When it is against, the engine has sent a release to every node, behind the acquire on the same connection: what a
      // slow node grants is taken back by the next message it reads.
      if (end === 'against') await bounded(round.decided, undefined);
      const verdict = round.acquireVerdict();
      if (verdict.kind !== 'acquired') return verdict;
      return { kind: 'acquired', lock: { task, value: round.value }, grants: round.grants };
    });
  }

  private extendOne(lock: LockToExtend, ttlMs: number, bounded: Bounded): Promise<ExtendVerdict> {
    const { value, claims } = lock;
    return this.inRound({ key: this.keyOf(lock.task), value, claims }, async (resource, round) => {
      const request = engineLockOf(this.engine, resource, lock.value);
      const end = await settled(this.engine.extend(request, ttlMs, ONE_ATTEMPT), bounded);
      if (end !== 'for') await bounded(round.decided, undefined);
      const verdict = round.extendVerdict();
      return verdict.kind === 'extended' ? { ...verdict, grants: round.grants } : verdict;
    });
  }

  /** Best effort: a node that is silent now is told again, see protocol/lease/unconfirmed-releases.ts. The engine throws for a lock that is gone. */
  private releaseOne(
    about: Pick<LockRoundParts, 'key' | 'value' | 'ended'>,
    bounded: Bounded,
  ): Promise<EngineEnd> {
    const { value } = about;
    if (value === undefined) return Promise.resolve('unsettled');
    return this.inRound(about, (resource) =>
      settled(this.engine.release(engineLockOf(this.engine, resource, value), ONE_ATTEMPT), bounded),
    );
  }

  /** The engine passes the resource name through to our nodes, which find by it what the request is about. */
  private async inRound<T>(
    about: Pick<LockRoundParts, 'key' | 'value' | 'claims' | 'ended'>,
    use: (resource: string, round: LockRound) => Promise<T>,
  ): Promise<T> {
    this.lastRound += 1;
    const resource = String(this.lastRound);
    const { nodes, ids } = this.settings;
    const round = new LockRound({ ...about, nodes: nodes.length, ids: ids?.() });
    this.rounds.set(resource, round);
    try {
      return await use(resource, round);
    } finally {
      this.rounds.delete(resource);
    }
  }

  /** One timer for a whole batch. The engine has no timeout of its own, and some splits never settle in it. */
  private inTime<T>(use: (bounded: Bounded) => Promise<T>): Promise<T> {
    const { clock } = this.settings;
    return withDeadline(clock, clock.monotonicMs() + this.patienceMs(), use);
  }

  private patienceMs(): number {
    return CALLS_PER_REQUEST * this.settings.nodeTimeoutMs + SLACK_MS;
  }

  private keyOf(task: string): string {
    return this.settings.keys.lock(task);
  }
}
