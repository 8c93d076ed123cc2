/**
 * What must be true of a lock that was let go: it is gone soon from every server that its owner goes on hearing. Keeps what was
 * asked and answered a second time, and owes nothing to how the owner keeps its releases.
 */

import type { HeldLock } from '#src/protocol/contract/ports.js';
import type { Machine } from '../world/machine.js';
import type { Server } from '../world/server.js';
import type { History } from './history.js';

/** When a node refuses for certain what was on its way behind a release: a call, and the margin by which a clock may step back. */
const REFUSED_AFTER_MS = 1_150;
/** A release is sent again with an answer of the node; each of these messages may be lost. */
const ANSWERS = 4;

/** A message that may set a lock on one server. */
interface Asked {
  readonly server: Server;
  readonly sentMs: number;
  isAnswered: boolean;
}

interface Release {
  readonly atMs: number;
  readonly machine: Machine;
  /** Told of it. */
  readonly servers: readonly Server[];
  /** Those that had answered before it whatever of its owner they do not refuse. */
  readonly settled: ReadonlySet<Server>;
  /** Those on which a message has set the lock since. */
  readonly setAnew: Set<Server>;
  /** Those whose answer to it was heard. */
  readonly confirmed: Set<Server>;
}

export class ReleaseWitness {
  /** By value. */
  private readonly messages = new Map<string, Asked[]>();
  /** By value, since its owner let it go. */
  private readonly releases = new Map<string, Release>();
  /** When its last few answers came. */
  private readonly heardMs = new Map<Machine, Map<Server, number[]>>();

  constructor(private readonly history: History) {}

  /** A message leaves that may set the lock. @returns to be called when its sender has heard the answer */
  asked({ value }: HeldLock, server: Server): () => void {
    const message = { server, sentMs: this.history.nowMs(), isAnswered: false };
    this.messages.set(value, [...(this.messages.get(value) ?? []), message]);
    return () => {
      message.isAnswered = true;
    };
  }

  /** A server has acted on such a message. @param stood whose lock was there before, if any */
  applied({ task, value }: HeldLock, server: Server, stood: string | undefined): void {
    if (stood === value || server.desk.valueOf(task) !== value) return;
    this.releases.get(value)?.setAnew.add(server);
  }

  /** @param servers to which the owner is connected, and sends the release */
  letGo({ value }: HeldLock, machine: Machine, servers: readonly Server[]): void {
    const atMs = this.history.nowMs();
    const open = (this.messages.get(value) ?? []).filter(
      ({ isAnswered, sentMs }) => !isAnswered && sentMs > atMs - REFUSED_AFTER_MS,
    );
    const settled = new Set(servers.filter((server) => open.every((message) => message.server !== server)));
    this.releases.set(value, { atMs, machine, servers, settled, setAnew: new Set(), confirmed: new Set() });
  }

  /** Its owner has heard the server's answer to the release. */
  confirmed({ value }: HeldLock, server: Server): void {
    this.releases.get(value)?.confirmed.add(server);
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
    if (server.desk.isRestored(task) || isCopyThatNobodyExpects(release, server)) return;
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

/**
 * Whether a message that was answered has come once more and set the lock. A connection delivers once and a client resends no lock
 * request, so its owner owes nothing to a server that had answered every request before the release, and then the release.
 * Without one of these answers the owner must send the release again, and its lock must go whatever has set it.
 */
function isCopyThatNobodyExpects({ settled, setAnew, confirmed }: Release, server: Server): boolean {
  return settled.has(server) && setAnew.has(server) && confirmed.has(server);
}
