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
  type RedlockEngine,
  SINGLE_TRY,
  settled,
} from './redlock-engine.js';

export interface RedlockLockProviderSettings {
  readonly nodes: readonly RedisNode[];
  readonly keys: RedisKeys;
  readonly instanceId: string;
  readonly clock: Clock;
  readonly positionOf: (node: RedisNode) => string;
  /** The memories whose locks count; undefined: whatever answers. */
  readonly ids?: () => LedgerIds | undefined;
  readonly onRenamed?: (node: RedisNode, ids: LedgerIds) => void;
}

type ReleasedLock = Pick<LockRoundParts, 'key' | 'value' | 'ended'>;

/** An acquire may be followed by the release of its minority: two calls per node, and some room for this process. */
const CALLS_PER_REQUEST = 2;
const SLACK_MS = 50;

/** A release of what is no lock's value brings ends and frees nothing. Numbered, since each is kept until it is confirmed. */
const NO_LOCK = 'ends-';

/** Run locks by the `redlock` package, one message per node and batch. lease/lock-verdict.ts says what the votes mean. */
export class RedlockLockProvider implements LockProvider {
  private readonly rounds = new Map<string, LockRound>();
  private readonly engine: RedlockEngine;
  private lastRound = 0;

  constructor(private readonly settings: RedlockLockProviderSettings) {
    const { keys, instanceId, clock, positionOf, onRenamed = () => {} } = settings;
    const { rounds } = this;
    const clients = settings.nodes.map((node) => {
      const told = { onRenamed: (ids: LedgerIds): void => onRenamed(node, ids), position: positionOf(node) };
      return new LockBatcher({ node, rounds, keys, instanceId, clock, ...told });
    });
    this.engine = createEngine(clients);
  }

  tryAcquire(tasks: readonly string[], ttlMs: number): Promise<readonly LockVerdict[]> {
    return this.inTime((bounded) => Promise.all(tasks.map((task) => this.acquireOne(task, ttlMs, bounded))));
  }

  extend(locks: readonly LockToExtend[], ttlMs: number): Promise<readonly ExtendVerdict[]> {
    return this.inTime((bounded) => Promise.all(locks.map((lock) => this.extendOne(lock, ttlMs, bounded))));
  }

  async release(locks: readonly LockToRelease[]): Promise<void> {
    await this.releaseAll(locks.map(({ task, value, ended }) => ({ key: this.keyOf(task), value, ended })));
  }

  async keepEnds(ended: readonly LineEnds[]): Promise<void> {
    await this.releaseAll(
      ended.map((one) => ({
        key: this.keyOf(one.line),
        value: `${NO_LOCK}${this.nextNumber()}`,
        ended: one,
      })),
    );
  }

  private releaseAll(all: readonly ReleasedLock[]): Promise<unknown> {
    return this.inTime((bounded) => Promise.all(all.map((one) => this.releaseOne(one, bounded))));
  }

  private async acquireOne(task: string, ttlMs: number, bounded: Bounded): Promise<LockVerdict> {
    return this.inRound({ key: this.keyOf(task) }, async (resource, round) => {
      const end = await settled(this.engine.acquire([resource], ttlMs, SINGLE_TRY), bounded);
      if (end === 'unsettled' || round.value === undefined) {
        await this.releaseOne({ key: round.parts.key, value: round.value }, bounded);
        return { kind: 'no_quorum', reason: `no verdict within ${this.patienceMs()} ms` };
      }
      // The engine has sent a release behind each acquire: what a slow node grants is taken back by its next message.
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
      const end = await settled(this.engine.extend(request, ttlMs, SINGLE_TRY), bounded);
      if (end !== 'for') await bounded(round.decided, undefined);
      const verdict = round.extendVerdict();
      return verdict.kind === 'extended' ? { ...verdict, grants: round.grants } : verdict;
    });
  }

  /** Best effort: a node that is silent now is told again, see protocol/lease/unconfirmed-releases.ts. The engine throws for a lock that is gone. */
  private releaseOne(about: ReleasedLock, bounded: Bounded): Promise<EngineEnd> {
    const { value } = about;
    if (value === undefined) return Promise.resolve('unsettled');
    return this.inRound(about, (resource) =>
      settled(this.engine.release(engineLockOf(this.engine, resource, value), SINGLE_TRY), bounded),
    );
  }

  /** The engine passes the resource name through to our nodes, which find by it what the request is about. */
  private async inRound<T>(
    about: Omit<LockRoundParts, 'nodes' | 'ids'>,
    use: (resource: string, round: LockRound) => Promise<T>,
  ): Promise<T> {
    const resource = this.nextNumber();
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

  private nextNumber(): string {
    this.lastRound += 1;
    return String(this.lastRound);
  }

  private patienceMs(): number {
    const callMs = Math.max(0, ...this.settings.nodes.map(({ patience }) => patience.timeoutMs));
    return CALLS_PER_REQUEST * callMs + SLACK_MS;
  }

  private keyOf(task: string): string {
    return this.settings.keys.lock(task);
  }
}
