/** Run locks over memory nodes, by majority. What redlock does for Redis, without a network to lose answers on. */

import type { ExtendVerdict, HeldLock, LockProvider, LockVerdict, Random } from '../protocol/ports.js';
import { quorumOf } from '../protocol/quorum.js';
import { type LockVote, UNSEEN_HOLDER } from './memory-lock-table.js';
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
      if (extended.length >= this.quorum) return { kind: 'extended' };
      const lost = this.nodes.length - extended.length;
      // With an even number of nodes a draw decides nothing.
      if (lost >= this.quorum) return { kind: 'lost' };
      return { kind: 'no_quorum', reason: `${extended.length} extended, ${lost} lost` };
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
    // Nodes in quarantine speak for nobody: what only a minority holds may be a lock that nobody has.
    if (held.length < this.quorum) {
      return { kind: 'no_quorum', reason: votes.map((vote) => vote.kind).join(', ') };
    }
    return { kind: 'held', ...likeliestHolder(held), ...freeInMs(held, this.quorum) };
  }

  private releaseOne(lock: HeldLock): void {
    for (const node of this.nodes) node.locks.release(lock.task, lock.value);
  }
}

type HeldVote = Extract<LockVote, { kind: 'held' }>;

function likeliestHolder(held: readonly HeldVote[]): { readonly holder?: string } {
  const holders = held.map((vote) => vote.holder).filter((holder) => holder !== UNSEEN_HOLDER);
  const count = (holder: string): number => holders.filter((other) => other === holder).length;
  const [first] = holders;
  if (first === undefined) return {};
  return {
    holder: holders.reduce((likeliest, one) => (count(one) > count(likeliest) ? one : likeliest), first),
  };
}

/** When a majority of the nodes that said so will have freed the lock. */
function freeInMs(held: readonly HeldVote[], quorum: number): { readonly freeInMs?: number } {
  const ends = held
    .flatMap((vote) => (vote.freeInMs === undefined ? [] : [vote.freeInMs]))
    .sort((a, b) => a - b);
  const needed = ends[quorum - 1];
  return needed === undefined ? {} : { freeInMs: needed };
}
