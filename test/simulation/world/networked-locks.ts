/**
 * Run locks by majority over the simulated network: what redlock.lock-provider.ts does over Redis, with the node's own
 * part (quarantine, presence, deadline) in the model and the meaning of the votes where production has it.
 */

import type { LineEnds } from '#src/protocol/contract/attempt-end.js';
import type { LedgerIds } from '#src/protocol/contract/ledger-id.js';
import type {
  CarriedClaims,
  Claim,
  ClaimReply,
  ClaimTerms,
  ExtendVerdict,
  HeldLock,
  LockGrants,
  LockProvider,
  LockToExtend,
  LockToRelease,
  LockVerdict,
  NodeReply,
  Random,
} from '#src/protocol/contract/ports.js';
import {
  ANY_MEMORY,
  decideAcquire,
  decideExtend,
  type LockAddressee,
  type LockVote,
} from '#src/protocol/lease/lock-verdict.js';
import { UnconfirmedReleases } from '#src/protocol/lease/unconfirmed-releases.js';
import type { LockRequest } from '../watch/lock-desk.js';
import type { LockWitness } from '../watch/lock-witness.js';
import type { ReleaseWitness } from '../watch/release-witness.js';
import type { RenewalWitness } from '../watch/renewal-witness.js';
import type { Machine } from './machine.js';
import type { Network } from './network.js';
import { bidForLocks, votesOf } from './networked-bid.js';
import type { Server } from './server.js';

export interface NetworkedLocksParts {
  readonly machine: Machine;
  /** To which it is connected now. */
  readonly servers: () => readonly Server[];
  readonly network: Network;
  readonly random: Random;
  readonly instanceId: string;
  /** Whether its own end of the connection is there: it names itself only where it is seen. */
  readonly isSeenBy: (server: Server) => boolean;
  readonly nodeTimeoutMs: number;
  readonly witness: Pick<LockWitness, 'bid' | 'opened' | 'closed' | 'granted' | 'tookOver'>;
  readonly releases: Pick<ReleaseWitness, 'letGo'>;
  readonly renewals: Pick<RenewalWitness, 'nowMs' | 'answered'>;
  /** What a server says of claims that came with locks, seen by the witnesses. @param sentMs by the server's clock */
  readonly votesOn: (
    server: Server,
    asked: { readonly claims: readonly Claim[]; readonly terms: ClaimTerms },
    sentMs: number,
    decide: () => Promise<NodeReply<ClaimReply>>,
  ) => Promise<NodeReply<ClaimReply>>;
  /** Told right before claims leave with their locks, and when a node has granted one. */
  readonly reach: (place: 'claim' | 'grant') => void;
  readonly onAcquired: (lock: HeldLock) => void;
  /** Told right before the message leaves. */
  readonly onRenewal: () => void;
  readonly onRelease: (locks: readonly HeldLock[]) => void;
}

export interface ServerGuard {
  /** The memories that count now, by position. */
  ids(): LedgerIds;
  positionOf(server: Server): string;
  refused(position: string, ids: LedgerIds): void;
}

export class NetworkedLocks implements LockProvider {
  private readonly unconfirmed = new Map<Server, UnconfirmedReleases<LockToRelease>>();
  private longestTtlMs = 0;
  private guard: ServerGuard | undefined;

  constructor(private readonly parts: NetworkedLocksParts) {}

  /** As in production: only memories that it names are asked, and all are told of releases. */
  guardBy(guard: ServerGuard): void {
    this.guard = guard;
  }

  /** Tells the server again what it may not have acted on. */
  resend(server: Server): void {
    void this.releasesAt(server).resend();
  }

  private releasesAt(server: Server): UnconfirmedReleases<LockToRelease> {
    const known = this.unconfirmed.get(server);
    if (known !== undefined) return known;
    const releases = new UnconfirmedReleases<LockToRelease>({
      clock: this.parts.machine,
      send: (locks) =>
        this.askOne(server, () => {
          for (const { task, value, ended } of locks) server.desk.release(task, value, ended);
        }),
    });
    this.unconfirmed.set(server, releases);
    return releases;
  }

  tryAcquire(
    tasks: readonly string[],
    ttlMs: number,
    carried?: CarriedClaims,
  ): Promise<readonly LockVerdict[]> {
    this.parts.witness.bid(this.parts.instanceId, tasks);
    if (carried !== undefined) return this.bid(tasks, ttlMs, carried);
    return Promise.all(tasks.map((task) => this.tryAcquireOne(task, ttlMs)));
  }

  async extend(locks: readonly LockToExtend[], ttlMs: number): Promise<readonly ExtendVerdict[]> {
    const verdicts = Promise.all(locks.map((lock) => this.extendOne(lock, ttlMs)));
    this.parts.onRenewal();
    return verdicts;
  }

  async release(locks: readonly LockToRelease[]): Promise<void> {
    const { machine, servers, witness, releases, onRelease } = this.parts;
    onRelease(locks);
    for (const lock of locks) {
      witness.closed(lock.value);
      releases.letGo(lock, machine, servers());
    }
    await machine.turn();
    await Promise.all(
      locks.flatMap((lock) =>
        servers().map((server) => this.releasesAt(server).release([lock], this.longestTtlMs)),
      ),
    );
  }

  async keepEnds(ended: readonly LineEnds[]): Promise<void> {
    const { machine, servers, random } = this.parts;
    await machine.turn();
    await Promise.all(
      ended.flatMap((one) =>
        servers().map((server) =>
          this.releasesAt(server).release(
            [{ task: one.line, value: random.id(), ended: one }],
            this.longestTtlMs,
          ),
        ),
      ),
    );
  }

  private async tryAcquireOne(task: string, ttlMs: number): Promise<LockVerdict> {
    const { machine, random, servers, witness } = this.parts;
    const lock: HeldLock = { task, value: random.id() };
    this.longestTtlMs = Math.max(this.longestTtlMs, ttlMs);
    witness.opened(lock.value, machine);
    // Ahead of the bid, which must not be refused because of an old lock of our own.
    for (const server of servers()) this.resend(server);
    let takeOvers = 0;
    const grantsOf = this.positionsNow();
    const replies = await this.ask<LockVote>(lock, (server, deadlineMs, meant) => {
      const request = { ...this.request(lock, server, ttlMs, deadlineMs), meant };
      const { vote, isTakeOver } = server.desk.acquire(request);
      if (isTakeOver) takeOvers += 1;
      if (vote.kind === 'acquired') witness.granted(server, request);
      return vote;
    });
    const verdict = decideAcquire(votesOf(replies), replies.length);
    if (verdict.kind !== 'acquired') {
      void this.release([lock]);
      return verdict;
    }
    if (takeOvers > 0) witness.tookOver();
    this.parts.onAcquired(lock);
    return { kind: 'acquired', lock, grants: grantsOf(replies) };
  }

  /** Locks and claims of an instant in one message per server. */
  private bid(
    tasks: readonly string[],
    ttlMs: number,
    carried: CarriedClaims,
  ): Promise<readonly LockVerdict[]> {
    this.longestTtlMs = Math.max(this.longestTtlMs, ttlMs);
    return bidForLocks(this.parts, {
      ...{ tasks, carried, longestTtlMs: this.longestTtlMs, grantsOf: this.positionsNow() },
      wayTo: (server) => ({
        meant: this.addressee(server, carried.ids),
        releases: this.releasesAt(server),
        requestOf: (lock, deadlineMs) => this.request(lock, server, ttlMs, deadlineMs),
        refused: (position, ids) => this.guard?.refused(position, ids),
      }),
      letGo: (lock) => void this.release([lock]),
    });
  }

  private async extendOne(lock: LockToExtend, ttlMs: number): Promise<ExtendVerdict> {
    const { claims } = lock;
    const sentMs = this.parts.renewals.nowMs();
    const grantsOf = this.positionsNow();
    const replies = await this.ask<LockVote>(lock, (server, deadlineMs, meant) => {
      const request = { ...this.request(lock, server, ttlMs, deadlineMs), meant };
      const stood = server.desk.valueOf(lock.task);
      const kind = server.desk.extend({ ...request, claims });
      this.parts.renewals.answered(server, {
        lock,
        instanceId: this.parts.instanceId,
        vote: kind,
        stood,
        sentMs,
      });
      if (kind === 'extended') this.parts.witness.granted(server, request);
      return { kind };
    });
    const verdict = decideExtend(votesOf(replies), replies.length);
    return verdict.kind === 'extended' ? { ...verdict, grants: grantsOf(replies) } : verdict;
  }

  /** Gives the positions that have granted what is asked now. */
  private positionsNow(): (replies: readonly NodeReply<LockVote>[]) => LockGrants | undefined {
    const { guard } = this;
    if (guard === undefined) return () => undefined;
    const positions = this.parts.servers().map((server) => guard.positionOf(server));
    return (replies) => {
      const granting = positions.filter((_, index) => {
        const reply = replies[index];
        return (
          reply?.answered === true && (reply.value.kind === 'acquired' || reply.value.kind === 'extended')
        );
      });
      return { by: new Set(granting), of: replies.length };
    };
  }

  private request(lock: HeldLock, server: Server, ttlMs: number, deadlineMs: number): LockRequest {
    const { instanceId, isSeenBy } = this.parts;
    return {
      task: lock.task,
      value: lock.value,
      holder: instanceId,
      isNamed: isSeenBy(server),
      ttlMs,
      deadlineMs,
    };
  }

  /** The deadline is in the server's own time: after it the caller has given up on the message. */
  private async ask<T extends LockVote>(
    lock: HeldLock,
    work: (server: Server, deadlineMs: number, meant: LockAddressee) => T,
  ): Promise<readonly NodeReply<T>[]> {
    const ids = this.guard?.ids();
    return Promise.all(
      this.parts.servers().map(async (server): Promise<NodeReply<T>> => {
        const meant = ids === undefined ? ANY_MEMORY : this.addressee(server, ids);
        if (meant === undefined) return { answered: false, reason: 'its server has no vote' };
        const deadlineMs = server.wallMs() + this.parts.nodeTimeoutMs;
        const releases = this.releasesAt(server);
        const message = releases.sent([lock.value], deadlineMs, this.longestTtlMs);
        const reply = await this.askOne(server, () => {
          const vote = work(server, deadlineMs, meant);
          return {
            vote,
            refused: vote.kind === 'renamed' ? server.model.locks.refusedIds(meant) : undefined,
          };
        });
        if (!reply.answered) return reply;
        releases.answered(message);
        void releases.resend();
        const { vote, refused } = reply.value;
        if (refused !== undefined) this.guard?.refused(meant.position, refused);
        return { ...reply, value: vote };
      }),
    );
  }

  private addressee(server: Server, ids: LedgerIds): LockAddressee | undefined {
    const position = this.guard?.positionOf(server) ?? '';
    return ids[position] === undefined ? undefined : { position, ids };
  }

  private askOne<T>(server: Server, work: () => T): Promise<NodeReply<T>> {
    const { machine, network, nodeTimeoutMs: timeoutMs } = this.parts;
    return network.request<T>({
      machine,
      server,
      timeoutMs,
      call: 'lock',
      work: async () => ({ answered: true, value: work(), nodeTimeMs: server.wallMs() }),
    });
  }
}
