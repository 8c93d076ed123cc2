/** Run locks over memory nodes, by majority. What redlock does for Redis, without a network to lose answers on. */

import type { LineEnds } from '../protocol/contract/attempt-end.js';
import type {
  CarriedClaims,
  ExtendVerdict,
  HeldLock,
  LockProvider,
  LockToExtend,
  LockToRelease,
  LockVerdict,
  Random,
} from '../protocol/contract/ports.js';
import { decideAcquire, decideExtend } from '../protocol/lease/lock-verdict.js';
import type { MemoryBid, MemoryBidAnswer, MemoryNode } from './memory-node.js';

/** In the same process no request comes late. */
const IN_TIME = Number.POSITIVE_INFINITY;
const NO_DEADLINE = 0;

export class MemoryLockProvider implements LockProvider {
  constructor(
    private readonly nodes: readonly MemoryNode[],
    private readonly random: Random,
    private readonly instanceId: string,
    /** Of the nodes, in order. Absent: locks go without claims. */
    private readonly positions?: readonly string[],
  ) {}

  async tryAcquire(
    tasks: readonly string[],
    ttlMs: number,
    carried?: CarriedClaims,
  ): Promise<readonly LockVerdict[]> {
    const locks = tasks.map((task): HeldLock => ({ task, value: this.random.id() }));
    const asks = locks.map((lock) => ({ ...lock, holder: this.instanceId, ttlMs }));
    const votes = this.nodes.map((node, index) => {
      const position = this.positions?.[index];
      return carried === undefined || position === undefined
        ? asks.map((ask) => node.locks.acquire(ask))
        : bidAt(node, position, asks, carried);
    });
    return locks.map((lock, index) => {
      const those = votes.flatMap((ofNode) => ofNode[index] ?? []);
      const verdict = decideAcquire(those, this.nodes.length);
      if (verdict.kind === 'acquired') return { kind: 'acquired', lock };
      this.releaseOne(lock);
      return verdict;
    });
  }

  async extend(locks: readonly LockToExtend[], ttlMs: number): Promise<readonly ExtendVerdict[]> {
    return locks.map((lock) => {
      const votes = this.nodes.map((node) => ({
        kind: node.locks.extend({ ...lock, holder: this.instanceId, ttlMs, deadlineMs: IN_TIME }),
      }));
      return decideExtend(votes, this.nodes.length);
    });
  }

  async release(locks: readonly LockToRelease[]): Promise<void> {
    for (const lock of locks) this.releaseOne(lock);
  }

  async keepEnds(ended: readonly LineEnds[]): Promise<void> {
    for (const node of this.nodes) for (const one of ended) node.locks.keepEnds(one);
  }

  private releaseOne({ task, value, ended }: LockToRelease): void {
    for (const node of this.nodes) node.locks.release(task, value, ended);
  }
}

function bidAt(
  node: MemoryNode,
  position: string,
  locks: MemoryBid['locks'],
  carried: CarriedClaims,
): MemoryBidAnswer['votes'] {
  const { claims, set, ids } = carried;
  if (!carried.left(position, NO_DEADLINE)) return locks.map(() => ({ kind: 'too_late' }));
  const { votes, reply } = node.bid({
    locks,
    claims,
    terms: { set, ids, deadlineMs: NO_DEADLINE },
    position,
  });
  carried.answered(position, { answered: true, value: reply, nodeTimeMs: node.nowMs });
  return votes;
}
