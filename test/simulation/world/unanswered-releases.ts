/** The releases that a server has not answered, sent again: what unconfirmed-releases.ts does over Redis. */

import type { HeldLock, NodeReply } from '../../../libs/distributed-schedule/src/protocol/ports.js';
import type { Machine } from './machine.js';
import type { Server } from './server.js';

type Send = (server: Server, locks: readonly HeldLock[]) => Promise<NodeReply<void>>;

export class UnansweredReleases {
  /** By server and value. */
  private readonly remembered = new Map<
    Server,
    Map<string, { readonly lock: HeldLock; readonly expiresMs: number }>
  >();
  private readonly sending = new Set<Server>();

  constructor(
    private readonly machine: Machine,
    private readonly send: Send,
  ) {}

  add(server: Server, lock: HeldLock, ttlMs: number): void {
    const ofServer = this.remembered.get(server) ?? new Map();
    this.remembered.set(
      server,
      ofServer.set(lock.value, { lock, expiresMs: this.machine.monotonicMs() + ttlMs }),
    );
  }

  /** All that have not expired, as one message, unless that is under way. */
  async resend(server: Server): Promise<void> {
    const ofServer = this.remembered.get(server) ?? new Map();
    const nowMs = this.machine.monotonicMs();
    for (const [value, { expiresMs }] of ofServer) if (expiresMs <= nowMs) ofServer.delete(value);
    if (this.sending.has(server) || ofServer.size === 0) return;
    this.sending.add(server);
    const locks: readonly HeldLock[] = [...ofServer.values()].map(({ lock }) => lock);
    const { answered } = await this.send(server, locks);
    this.sending.delete(server);
    if (answered) for (const { value } of locks) ofServer.delete(value);
  }
}
