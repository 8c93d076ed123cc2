/** One message of the simulated network with locks and a claim for each: what lock-batcher.ts and bid-script.ts do over Redis. */

import type { AcquireVote } from '#src/memory/lock-ask.js';
import type { LedgerIds } from '#src/protocol/contract/ledger-id.js';
import type {
  CarriedClaims,
  HeldLock,
  LockGrants,
  LockToRelease,
  LockVerdict,
  NodeReply,
} from '#src/protocol/contract/ports.js';
import { decideAcquire, type LockAddressee, type LockVote } from '#src/protocol/lease/lock-verdict.js';
import type { UnconfirmedReleases } from '#src/protocol/lease/unconfirmed-releases.js';
import type { LockRequest } from '../watch/lock-desk.js';
import type { NetworkedLocksParts } from './networked-locks.js';
import type { Server } from './server.js';

/** How one server is asked. */
interface Way {
  /** Undefined: the server has no vote. */
  readonly meant: LockAddressee | undefined;
  readonly releases: UnconfirmedReleases<LockToRelease>;
  readonly requestOf: (lock: HeldLock, deadlineMs: number) => LockRequest;
  readonly refused: (position: string, ids: LedgerIds) => void;
}

interface Bid {
  readonly tasks: readonly string[];
  readonly carried: CarriedClaims;
  readonly longestTtlMs: number;
  readonly wayTo: (server: Server) => Way;
  readonly grantsOf: (replies: readonly NodeReply<LockVote>[]) => LockGrants | undefined;
  /** A lock that was not acquired. */
  readonly letGo: (lock: HeldLock) => void;
}

interface Message extends Way, Pick<Bid, 'carried' | 'longestTtlMs'> {
  readonly locks: readonly HeldLock[];
  /** Values of locks that were taken over from somebody who seems to be gone. */
  readonly tookOver: Set<string>;
}

export async function bidForLocks(
  parts: NetworkedLocksParts,
  { tasks, carried, longestTtlMs, wayTo, grantsOf, letGo }: Bid,
): Promise<readonly LockVerdict[]> {
  const { machine, random, servers, witness, onAcquired } = parts;
  const locks = tasks.map((task): HeldLock => ({ task, value: random.id() }));
  for (const { value } of locks) witness.opened(value, machine);
  const ways = servers().map((server) => ({ server, way: wayTo(server) }));
  // Ahead of the bid, which must not be refused because of an old lock of our own.
  for (const { way } of ways) void way.releases.resend();
  const tookOver = new Set<string>();
  const replies = await Promise.all(
    ways.map(({ server, way }) => bidAt(parts, server, { ...way, locks, carried, longestTtlMs, tookOver })),
  );
  return locks.map((lock, index): LockVerdict => {
    const ofLock = replies.map((reply) => replyAt(reply, index));
    const verdict = decideAcquire(votesOf(ofLock), ofLock.length);
    if (verdict.kind !== 'acquired') {
      letGo(lock);
      return verdict;
    }
    if (tookOver.has(lock.value)) witness.tookOver();
    onAcquired(lock);
    return { kind: 'acquired', lock, grants: grantsOf(ofLock) };
  });
}

function replyAt(reply: NodeReply<readonly LockVote[]>, index: number): NodeReply<LockVote> {
  if (!reply.answered) return reply;
  return { ...reply, value: reply.value[index] ?? { kind: 'silent', reason: 'no word' } };
}

async function bidAt(
  parts: NetworkedLocksParts,
  server: Server,
  bid: Message,
): Promise<NodeReply<readonly LockVote[]>> {
  const { machine, network, nodeTimeoutMs: timeoutMs, votesOn, reach } = parts;
  const { locks, carried, meant, releases } = bid;
  if (meant === undefined) return { answered: false, reason: 'its server has no vote' };
  const { claims, set, ids } = carried;
  const sentMs = server.wallMs();
  const deadlineMs = sentMs + timeoutMs;
  const values = locks.map(({ value }) => value);
  const message = releases.sent(values, deadlineMs, bid.longestTtlMs);
  carried.left(meant.position, deadlineMs);
  reach('claim');
  const terms = { set, ids, deadlineMs };
  const reply = await network.request({
    ...{ machine, server, timeoutMs, call: 'bid' },
    work: async () => {
      const votes = locks.map((lock) =>
        lockAt(parts, server, { ...bid.requestOf(lock, deadlineMs), meant }, bid),
      );
      const isRefused = votes.some(({ kind }) => kind === 'renamed');
      const refused = isRefused ? server.model.locks.refusedIds(meant) : undefined;
      const told = await votesOn(server, { claims, terms }, sentMs, async () => ({
        answered: true,
        value: server.model.claimBeside(votes, { claims, terms, position: meant.position }),
        nodeTimeMs: server.wallMs(),
      }));
      return told.answered ? { ...told, value: { votes, refused, told: told.value } } : told;
    },
  });
  if (!reply.answered) {
    carried.answered(meant.position, reply);
    return reply;
  }
  releases.answered(message);
  void releases.resend();
  const { votes, refused, told } = reply.value;
  if (refused !== undefined) bid.refused(meant.position, refused);
  if (told.votes.some(({ kind }) => kind === 'granted')) reach('grant');
  carried.answered(meant.position, { ...reply, value: told });
  return { ...reply, value: votes };
}

function lockAt(
  { witness }: Pick<NetworkedLocksParts, 'witness'>,
  server: Server,
  request: LockRequest,
  { tookOver }: Pick<Message, 'tookOver'>,
): AcquireVote {
  const { vote, isTakeOver } = server.desk.acquire(request);
  if (isTakeOver) tookOver.add(request.value);
  if (vote.kind === 'acquired') witness.granted(server, request);
  return vote;
}

export function votesOf(replies: readonly NodeReply<LockVote>[]): readonly LockVote[] {
  return replies.map((reply) => (reply.answered ? reply.value : { kind: 'silent', reason: reply.reason }));
}
