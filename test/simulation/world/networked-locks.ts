/**
 * Run locks by majority over the simulated network: what redlock.lock-provider.ts does over Redis, with the node's own
 * part (quarantine, presence, deadline) in the model.
 */

import type { LockVote } from '../../../libs/distributed-schedule/src/memory/memory-lock-table.js';
import type {
  ExtendVerdict,
  HeldLock,
  LockProvider,
  LockVerdict,
  NodeReply,
  Random,
} from '../../../libs/distributed-schedule/src/protocol/ports.js';
import { quorumOf } from '../../../libs/distributed-schedule/src/protocol/quorum.js';
import type { Machine } from './machine.js';
import type { Network } from './network.js';
import type { Server } from './server.js';

export interface NetworkedLocksParts {
  readonly machine: Machine;
  readonly servers: readonly Server[];
  readonly network: Network;
  readonly random: Random;
  readonly instanceId: string;
  readonly nodeTimeoutMs: number;
}

type Vote = LockVote | { readonly kind: 'too_late' };

export class NetworkedLocks implements LockProvider {
  constructor(private readonly parts: NetworkedLocksParts) {}

  tryAcquire(tasks: readonly string[], ttlMs: number): Promise<readonly LockVerdict[]> {
    return Promise.all(tasks.map((task) => this.tryAcquireOne(task, ttlMs)));
  }

  extend(locks: readonly HeldLock[], ttlMs: number): Promise<readonly ExtendVerdict[]> {
    return Promise.all(locks.map((lock) => this.extendOne(lock, ttlMs)));
  }

  async release(locks: readonly HeldLock[]): Promise<void> {
    await Promise.all(
      locks.map(({ task, value }) => this.ask((server) => server.model.locks.release(task, value))),
    );
  }

  private async tryAcquireOne(task: string, ttlMs: number): Promise<LockVerdict> {
    const lock: HeldLock = { task, value: this.parts.random.id() };
    const replies = await this.ask<Vote>((server, isTooLate) =>
      isTooLate
        ? { kind: 'too_late' }
        : server.model.locks.acquire(task, lock.value, this.parts.instanceId, ttlMs),
    );
    const votes = replies.flatMap((reply) => (reply.answered ? [reply.value] : []));
    const quorum = quorumOf(replies.length);
    if (votes.filter(({ kind }) => kind === 'acquired').length >= quorum) return { kind: 'acquired', lock };
    void this.release([lock]);
    const held = votes.filter((vote) => vote.kind === 'held');
    const [first] = held;
    if (first === undefined || held.length < quorum) return { kind: 'no_quorum', reason: 'simulated' };
    const waits = held.flatMap(({ freeInMs }) => (freeInMs === undefined ? [] : [freeInMs]));
    return {
      kind: 'held',
      holder: first.holder,
      ...(waits.length === held.length && { freeInMs: Math.max(...waits) }),
    };
  }

  private async extendOne({ task, value }: HeldLock, ttlMs: number): Promise<ExtendVerdict> {
    const replies = await this.ask<boolean>((server, isTooLate) =>
      isTooLate ? false : server.model.locks.extend(task, value, this.parts.instanceId, ttlMs),
    );
    const quorum = quorumOf(replies.length);
    const extended = replies.filter((reply) => reply.answered && reply.value).length;
    const lost = replies.filter((reply) => reply.answered && !reply.value).length;
    if (extended >= quorum) return { kind: 'extended' };
    return lost >= quorum ? { kind: 'lost' } : { kind: 'no_quorum', reason: 'simulated' };
  }

  private ask<T>(work: (server: Server, isTooLate: boolean) => T): Promise<readonly NodeReply<T>[]> {
    const { machine, servers, network, nodeTimeoutMs } = this.parts;
    return Promise.all(
      servers.map((server) => {
        const deadlineMs = server.wallMs() + nodeTimeoutMs;
        return network.request(machine, server, nodeTimeoutMs, async () => ({
          answered: true,
          value: work(server, server.wallMs() > deadlineMs),
        }));
      }),
    );
  }
}
