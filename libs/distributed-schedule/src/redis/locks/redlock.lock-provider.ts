import type { LineEnds } from '../../protocol/contract/attempt-end.js';
import type { LedgerIds } from '../../protocol/contract/ledger-id.js';
import type {
  CarriedClaims,
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
import { GatheredReleases } from './gathered-releases.js';
import { LockBatcher } from './lock-batcher.js';
import { LockGroup } from './lock-group.js';
import { LockRound, type LockRoundParts } from './lock-round.js';
import { createEngine, engineLockOf, type RedlockEngine, SINGLE_TRY, settled } from './redlock-engine.js';

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

/** An acquire may be followed by the release of its minority: two calls per node, and some room for this process. */
const CALLS_PER_REQUEST = 2;
const SLACK_MS = 50;

/** A release of what is no lock's value brings ends and frees nothing. Numbered, since each is kept until it is confirmed. */
const NO_LOCK = 'ends-';

/** Run locks by the `redlock` package, one call of it and one message per node for a batch. lease/lock-verdict.ts says what the votes mean. */
export class RedlockLockProvider implements LockProvider {
  private readonly groups = new Map<string, LockGroup>();
  private readonly engine: RedlockEngine;
  private lastNumber = 0;
  private readonly leaving: GatheredReleases;

  constructor(private readonly settings: RedlockLockProviderSettings) {
    const { keys, instanceId, clock, positionOf, onRenamed = () => {} } = settings;
    const { groups } = this;
    const clients = settings.nodes.map((node, index) => {
      const told = { onRenamed: (ids: LedgerIds): void => onRenamed(node, ids), position: positionOf(node) };
      return new LockBatcher({ node, index, groups, keys, instanceId, clock, ...told });
    });
    this.engine = createEngine(clients);
    this.leaving = new GatheredReleases(clock, (rounds) =>
      this.inTime(rounds, (group, bounded) => {
        group.isLeaving = true;
        return this.releaseAll(group, bounded);
      }),
    );
  }

  async tryAcquire(
    tasks: readonly string[],
    ttlMs: number,
    carried?: CarriedClaims,
  ): Promise<readonly LockVerdict[]> {
    // Among them may be the locks that are asked for.
    this.leaving.leaveNow();
    const rounds = tasks.map((task, index) =>
      this.roundOf({ key: this.keyOf(task), ttlMs, claim: carried?.claims[index] }),
    );
    await this.inTime(rounds, (group, bounded) => this.acquire(group, ttlMs, bounded), carried);
    return rounds.map((round, index) => this.verdictOn(round, tasks[index] ?? ''));
  }

  async extend(locks: readonly LockToExtend[], ttlMs: number): Promise<readonly ExtendVerdict[]> {
    const rounds = locks.map(({ task, value, claims }) =>
      this.roundOf({ key: this.keyOf(task), ttlMs, value, claims }),
    );
    await this.inTime(rounds, (group, bounded) => this.extendAll(group, ttlMs, bounded));
    return rounds.map((round) => {
      const verdict = round.extendVerdict();
      return verdict.kind === 'extended' ? { ...verdict, grants: round.grants } : verdict;
    });
  }

  release(locks: readonly LockToRelease[]): Promise<void> {
    return this.leave(locks.map(({ task, value, ended }) => ({ key: this.keyOf(task), value, ended })));
  }

  keepEnds(ended: readonly LineEnds[]): Promise<void> {
    return this.leave(
      ended.map((one) => ({
        key: this.keyOf(one.line),
        value: `${NO_LOCK}${this.nextNumber()}`,
        ended: one,
      })),
    );
  }

  private leave(about: readonly Omit<LockRoundParts, 'nodes'>[]): Promise<void> {
    return this.leaving.add(about.map((one) => this.roundOf(one)));
  }

  private async acquire(group: LockGroup, ttlMs: number, bounded: Bounded): Promise<void> {
    const end = await this.inGroup(group, (name) =>
      settled(this.engine.acquire([name], ttlMs, SINGLE_TRY), bounded),
    );
    group.decided(end);
    if (end === 'unsettled') await this.releaseAll(group, bounded);
    // The engine has sent a release behind each acquire: what a slow node grants is taken back by its next message.
    if (end === 'against') await bounded(group.refused, undefined);
  }

  private async extendAll(group: LockGroup, ttlMs: number, bounded: Bounded): Promise<void> {
    const end = await this.inGroup(group, (name) =>
      settled(this.engine.extend(engineLockOf(this.engine, name), ttlMs, SINGLE_TRY), bounded),
    );
    group.decided(end);
    if (end !== 'for') await bounded(group.refused, undefined);
  }

  /** Best effort: a node that is silent now is told again, see protocol/lease/unconfirmed-releases.ts. The engine throws for a lock that is gone. */
  private async releaseAll(group: LockGroup, bounded: Bounded): Promise<void> {
    await this.inGroup(group, (name) =>
      settled(this.engine.release(engineLockOf(this.engine, name), SINGLE_TRY), bounded),
    );
  }

  private verdictOn(round: LockRound, task: string): LockVerdict {
    if (round.end === 'unsettled' || round.end === undefined)
      return { kind: 'no_quorum', reason: `no verdict within ${this.patienceMs()} ms` };
    const verdict = round.acquireVerdict();
    if (verdict.kind !== 'acquired') return verdict;
    return { kind: 'acquired', lock: { task, value: round.value }, grants: round.grants };
  }

  /** One timer for a whole batch. The engine has no timeout of its own, and some splits never settle in it. */
  private async inTime(
    rounds: readonly LockRound[],
    ask: (group: LockGroup, bounded: Bounded) => Promise<void>,
    carried?: CarriedClaims,
  ): Promise<void> {
    if (rounds.length === 0) return;
    const { clock, ids } = this.settings;
    await withDeadline(clock, clock.monotonicMs() + this.patienceMs(), async (bounded) => {
      const asked: Promise<void>[] = [];
      const begin = (group: LockGroup): void => {
        group.onPart = begin;
        asked.push(ask(group, bounded));
      };
      begin(new LockGroup(rounds, carried?.ids ?? ids?.(), carried));
      // A group that is decided parts no more, so the last one of the list is the last of all.
      for (const one of asked) await one;
    });
  }

  /** The engine passes the resource name through to our nodes, which find by it what the call is about. */
  private async inGroup<T>(group: LockGroup, use: (name: string) => Promise<T>): Promise<T> {
    const name = this.nextNumber();
    this.groups.set(name, group);
    try {
      return await use(name);
    } finally {
      this.groups.delete(name);
    }
  }

  private roundOf(about: Omit<LockRoundParts, 'nodes'>): LockRound {
    return new LockRound({ ...about, nodes: this.settings.nodes.length });
  }

  private nextNumber(): string {
    this.lastNumber += 1;
    return String(this.lastNumber);
  }

  private patienceMs(): number {
    const callMs = Math.max(0, ...this.settings.nodes.map(({ patience }) => patience.timeoutMs));
    return CALLS_PER_REQUEST * callMs + SLACK_MS;
  }

  private keyOf(task: string): string {
    return this.settings.keys.lock(task);
  }
}
