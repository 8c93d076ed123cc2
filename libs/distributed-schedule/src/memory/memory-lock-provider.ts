/** Run locks over memory nodes, by majority. What redlock does for Redis, without a network to lose answers on. */

import type { ExtendVerdict, HeldLock, LockProvider, LockVerdict, Random } from '../protocol/ports.js';
import { quorumOf } from '../protocol/quorum.js';
import type { LockVote } from './memory-lock-table.js';
import type { MemoryNode } from './memory-node.js';

export class MemoryLockProvider implements LockProvider {
  private readonly quorum: number;

  constructor(
    private readonly nodes: readonly MemoryNode[],
    private readonly random: Random,
    private readonly instanceId: string,
  ) {
    this.quorum = quorumOf(nodes.length);
  }

  async tryAcquire(tasks: readonly string[], ttlMs: number): Promise<readonly LockVerdict[]> {
    return tasks.map((task) => this.tryAcquireOne(task, ttlMs));
  }

  async extend(locks: readonly HeldLock[], ttlMs: number): Promise<readonly ExtendVerdict[]> {
    return locks.map((lock) => {
      const extended = this.nodes.filter((node) =>
        node.locks.extend(lock.task, lock.value, this.instanceId, ttlMs),
      );
      return { kind: extended.length >= this.quorum ? 'extended' : 'lost' };
    });
  }

  async release(locks: readonly HeldLock[]): Promise<void> {
    for (const lock of locks) this.releaseOne(lock);
  }

  private tryAcquireOne(task: string, ttlMs: number): LockVerdict {
    const lock: HeldLock = { task, value: this.random.id() };
    const votes = this.nodes.map((node) => node.locks.acquire(task, lock.value, this.instanceId, ttlMs));
    if (votes.filter((vote) => vote.kind === 'acquired').length >= this.quorum)
      return { kind: 'acquired', lock };
    this.releaseOne(lock);
    const held = votes.filter((vote) => vote.kind === 'held');
    const [first] = held;
    if (first !== undefined) {
      return {
        kind: 'held',
        holder: first.holder,
        ...freeInMs(held, this.nodes.length - held.length, this.quorum),
      };
    }
    return { kind: 'no_quorum', reason: votes.map((vote) => vote.kind).join(', ') };
  }

  private releaseOne(lock: HeldLock): void {
    for (const node of this.nodes) node.locks.release(lock.task, lock.value);
  }
}

/** When a majority will be free, if the dead holders' locks that stand in the way are enough to reach one. */
function freeInMs(
  held: readonly Extract<LockVote, { kind: 'held' }>[],
  others: number,
  quorum: number,
): { readonly freeInMs?: number } {
  const ends = held
    .flatMap((vote) => (vote.freeInMs === undefined ? [] : [vote.freeInMs]))
    .sort((a, b) => a - b);
  const needed = ends[quorum - others - 1];
  return needed === undefined ? {} : { freeInMs: needed };
}
