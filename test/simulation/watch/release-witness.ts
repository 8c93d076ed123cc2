/**
 * What must be true of a lock that was let go: it is gone soon from every server that its owner goes on hearing. Owes
 * nothing to how the owner keeps its releases.
 */

import type { HeldLock } from '#src/protocol/contract/ports.js';
import type { Machine } from '../world/machine.js';
import type { Server } from '../world/server.js';
import type { History } from './history.js';

/** When a node refuses for certain what was on its way behind a release: a call, and the margin by which a clock may step back. */
const REFUSED_AFTER_MS = 1_150;
/** A release is sent again with an answer of the node; each of these messages may be lost. */
const ANSWERS = 4;

interface Release {
  readonly atMs: number;
  readonly machine: Machine;
  /** Told of it. */
  readonly servers: readonly Server[];
}

export class ReleaseWitness {
  /** By value, since its owner let it go. */
  private readonly releases = new Map<string, Release>();
  /** When its last few answers came. */
  private readonly heardMs = new Map<Machine, Map<Server, number[]>>();

  constructor(private readonly history: History) {}

  /** @param servers to which the owner is connected, and sends the release */
  letGo({ value }: HeldLock, machine: Machine, servers: readonly Server[]): void {
    this.releases.set(value, { atMs: this.history.nowMs(), machine, servers });
  }

  /** The owner of locks has had an answer of this server. */
  heard(machine: Machine, server: Server): void {
    const byServer = this.heardMs.get(machine) ?? new Map<Server, number[]>();
    const before = byServer.get(server) ?? [];
    this.heardMs.set(machine, byServer.set(server, [...before, this.history.nowMs()].slice(-ANSWERS)));
  }

  /** Somebody else's lock stands in the way of a renewal: one that was let go does so for a moment only. */
  checkRival({ task, value }: HeldLock, server: Server, renewedBy: string): void {
    const release = this.releases.get(value);
    if (release?.servers.includes(server) !== true || server.hasSteppedLately) return;
    if (server.desk.isRestored(task)) return;
    const { machine, atMs } = release;
    const heardMs = this.heardMs.get(machine)?.get(server)?.at(-ANSWERS) ?? Number.NEGATIVE_INFINITY;
    if (heardMs < atMs + REFUSED_AFTER_MS || machine.isDead) return;
    const sinceMs = this.history.nowMs() - atMs;
    this.history.fail(
      'a lock that was let go is gone soon',
      `${server.label}: ${task} of ${renewedBy} after ${sinceMs.toFixed(0)} ms`,
    );
  }
}
