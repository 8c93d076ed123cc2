/** Run locks over memory nodes, by majority. What redlock does for Redis, without a network to lose answers on. */

import type { LineEnds } from '../protocol/contract/attempt-end.js';
import type {
  ExtendVerdict,
  HeldLock,
  LockProvider,
  LockToExtend,
  LockToRelease,
  LockVerdict,
  Random,
} from '../protocol/contract/ports.js';
import { decideAcquire, decideExtend } from '../protocol/lease/lock-verdict.js';
import type { MemoryNode } from './memory-node.js';

/** In the same process no request comes late. */
const IN_TIME = Number.POSITIVE_INFINITY;

export class MemoryLockProvider implements LockProvider {
  constructor(
    private readonly nodes: readonly MemoryNode[],
    private readonly random: Random,
    private readonly instanceId: string,
  ) {}

  async tryAcquire(tasks: readonly string[], ttlMs: number): Promise<readonly LockVerdict[]> {
    return tasks.map((task) => this.tryAcquireOne(task, ttlMs));
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

  private tryAcquireOne(task: string, ttlMs: number): LockVerdict {
    const lock: HeldLock = { task, value: this.random.id() };
    const votes = this.nodes.map((node) => node.locks.acquire({ ...lock, holder: this.instanceId, ttlMs }));
    const verdict = decideAcquire(votes, this.nodes.length);
    if (verdict.kind === 'acquired') return { kind: 'acquired', lock };
    this.releaseOne(lock);
    return verdict;
  }

  private releaseOne({ task, value, ended }: LockToRelease): void {
    for (const node of this.nodes) node.locks.release(task, value, ended);
  }
}
