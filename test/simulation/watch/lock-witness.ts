/** What must be true between the locks that servers hold and the trust that runs have in them. */

import { quorumOf } from '#src/protocol/contract/quorum.js';
import type { Machine } from '../world/machine.js';
import type { Server } from '../world/server.js';
import type { VirtualTime } from '../world/virtual-time.js';
import type { History } from './history.js';
import type { LockRequest } from './lock-desk.js';
import { isBound } from './promise.js';
import type { RunWitness } from './run-witness.js';

/** Rounding of a server's clock, and a rate that is off by 0.05 % for a time to live. */
const EXPIRY_TOLERANCE_MS = 3;

export class LockWitness {
  /** By value, whose lock it is, until it is released. */
  private readonly owners = new Map<string, { readonly machine: Machine; untilMs: number }>();

  constructor(
    private readonly time: VirtualTime,
    private readonly history: History,
    private readonly runs: RunWitness,
    private readonly servers: readonly Server[],
    private readonly onBid: (instanceId: string, task: string) => void,
  ) {}

  bid(instanceId: string, tasks: readonly string[]): void {
    for (const task of tasks) this.onBid(instanceId, task);
  }

  /** From now on servers may grant it. */
  opened(value: string, owner: Machine): void {
    this.owners.set(value, { machine: owner, untilMs: Number.POSITIVE_INFINITY });
  }

  /** Its owner wants it no more. */
  closed(value: string): void {
    this.owners.delete(value);
  }

  tookOver(): void {
    this.history.count('presence take-over');
  }

  /** A server has granted or extended a lock: trust is looked at now, and when that grant has ended. */
  granted(server: Server, { task, value, holder, ttlMs }: LockRequest): void {
    const owner = this.owners.get(value);
    if (owner !== undefined) owner.untilMs = this.time.nowMs + ttlMs;
    this.history.note(() => `node ${server.index + 1} locks ${task} for ${holder}`);
    this.checkTrust(task, ttlMs);
    this.time.schedule(ttlMs + EXPIRY_TOLERANCE_MS, () => this.checkTrust(task, ttlMs));
  }

  /** While a run trusts its lease no majority may be free for somebody else. */
  private checkTrust(task: string, ttlMs: number): void {
    for (const run of this.runs.trusted(task)) {
      const rival = { task, holder: run.instanceId, ttlMs, isInFlight: this.isInFlight };
      const open = this.positions().filter((servers) =>
        servers.every(
          (server) =>
            !server.isDown && isBound(server, run.machine, task, ttlMs) && server.desk.isOpenToOthers(rival),
        ),
      );
      if (open.length < quorumOf(this.positions().length)) continue;
      this.history.fail('trust ends before the lock does', `${task} on ${run.instanceId}`);
    }
  }

  /** Where a name has led to two servers the lock stands on one of them. */
  private positions(): readonly (readonly Server[])[] {
    const positions = [...new Set(this.servers.map(({ position }) => position))];
    return positions.map((one) => this.servers.filter(({ position }) => position === one));
  }

  /** A holder that got no grant for a time to live trusts no more: it neither wins nor renews with that value. */
  private readonly isInFlight = (value: string): boolean => {
    const owner = this.owners.get(value);
    return owner !== undefined && !owner.machine.isDead && this.time.nowMs < owner.untilMs;
  };
}
