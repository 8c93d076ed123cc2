/**
 * Steps 4 and 5 of one tick on one instance: the lock, then the claim, for every tick that this instance bids for
 * at one moment. One message per node and step, whatever the number of ticks.
 */

import type { ClusterClock } from './cluster-clock.js';
import { type Instant, Lease, readInstant, trustMs } from './lease.js';
import type { ScheduleObserver } from './observer.js';
import type { ProtocolOptions } from './options.js';
import type { Outcome } from './outcome.js';
import type {
  Claim,
  ClaimVerdict,
  Clock,
  HeldLock,
  LockProvider,
  LockVerdict,
  Random,
  TickLedger,
} from './ports.js';
import type { ScheduledTask } from './tick-context.js';

/** A tick of a task that is due, with its own limit. */
export interface DueTick {
  readonly task: ScheduledTask;
  readonly tick: number;
  /** Not started later than this after the tick, in ms. */
  readonly maxLatenessMs: number;
}

/** A tick whose lock is ours; once its claim is won, this instance and no other may start it. */
export interface LockedTick {
  readonly due: DueTick;
  readonly claim: Claim;
  readonly lease: Lease;
  /** When its lock was asked for: a machine that is suspended after that starts nothing that has become late. */
  readonly begin: BidBegin;
}

export interface BidBegin {
  readonly attempt: Instant;
  readonly clusterMs: number;
}

export type BidVerdict =
  | { readonly kind: 'won'; readonly won: LockedTick }
  /** Not now. A later bid may succeed, best after `retryInMs` where that is known; without one, `outcome` stands. */
  | { readonly kind: 'open'; readonly outcome: Outcome; readonly detail: string; readonly retryInMs?: number }
  /** Nothing to bid for any more. */
  | { readonly kind: 'over'; readonly outcome: Outcome; readonly detail: string }
  | { readonly kind: 'fenced'; readonly reason: 'outdated' | 'conflict' };

export interface BidParts {
  readonly instanceId: string;
  readonly options: ProtocolOptions;
  readonly clock: Clock;
  readonly clusterClock: Pick<ClusterClock, 'nowMs'>;
  readonly random: Random;
  readonly locks: LockProvider;
  readonly ledger: TickLedger;
  readonly observer: ScheduleObserver;
}

/** A lock that arrives with less than this share of its trust left is not worth a run: it would abort at once. */
const LEAST_TRUST_SHARE = 0.5;

/** Bids for every tick of the batch. One verdict each, in order; never rejects. */
export async function bidForTicks(
  parts: BidParts,
  batch: readonly DueTick[],
): Promise<readonly BidVerdict[]> {
  // Read before the call: trust counts from the start of the attempt, see lease.ts.
  const begin = { attempt: readInstant(parts.clock), clusterMs: parts.clusterClock.nowMs() };

  // 4 lock
  const lockVerdicts = await askForLocks(parts, batch);
  const steps = batch.map((due, index) => toLockedTick(parts, due, lockVerdicts[index], begin));

  // 5 claim
  const locked = steps.filter(isLocked);
  const claimVerdicts = await askLedger(parts, locked);
  const decided = locked.map((candidate, index) => decide(candidate, claimVerdicts[index]));
  const losers = locked.filter((_, index) => decided[index]?.kind !== 'won');
  const standing = locked.filter(
    (_, index) => decided[index]?.kind !== 'won' && claimVerdicts[index]?.votesOut !== 0,
  );
  // Not awaited: the winners of the batch must not wait for the losers' messages. They have been sent when this
  // returns, and no later message of this instance overtakes them on the same connection.
  void surrender(parts, losers, standing);
  const verdicts = new Map(locked.map((candidate, index) => [candidate, decided[index] ?? NO_VERDICT]));
  return steps.map((step) => (isLocked(step) ? (verdicts.get(step) ?? NO_VERDICT) : step));
}

/**
 * Gives back the claims and the locks of ticks that this instance will never run. Only for the owner, and only
 * after that decision: a claim that was given back may be won by somebody else the next moment.
 */
export async function surrender(
  parts: BidParts,
  ticks: readonly LockedTick[],
  /** Those of them whose claim may stand on some node. */
  standing: readonly LockedTick[] = ticks,
): Promise<void> {
  try {
    // Both sent now: a later bid of this instance must find neither its own old lock nor its own old claim.
    await Promise.all([
      standing.length > 0 ? parts.ledger.giveBack(standing.map(({ claim }) => claim)) : undefined,
      ticks.length > 0 ? parts.locks.release(ticks.map(({ lease }) => lease.lock)) : undefined,
    ]);
  } catch (error) {
    // Nothing is lost: the lock expires, and the claim stands for a tick that nobody runs.
    parts.observer.observe({ type: 'error', error, where: 'giving back' });
  }
}

const NO_VERDICT: BidVerdict = { kind: 'open', outcome: 'no_quorum', detail: 'no verdict from the ledger' };

function isLocked(step: LockedTick | BidVerdict): step is LockedTick {
  return 'lease' in step;
}

async function askForLocks(parts: BidParts, batch: readonly DueTick[]): Promise<readonly LockVerdict[]> {
  try {
    return await parts.locks.tryAcquire(
      batch.map(({ task }) => task.name),
      parts.options.leaseTtlMs,
    );
  } catch (error) {
    parts.observer.observe({ type: 'error', error, where: 'lock provider: tryAcquire' });
    return [];
  }
}

async function askLedger(parts: BidParts, locked: readonly LockedTick[]): Promise<readonly ClaimVerdict[]> {
  if (locked.length === 0) return [];
  try {
    return await parts.ledger.claim(locked.map(({ claim }) => claim));
  } catch (error) {
    parts.observer.observe({ type: 'error', error, where: 'tick ledger: claim' });
    return [];
  }
}

function toLockedTick(
  parts: BidParts,
  due: DueTick,
  verdict: LockVerdict | undefined,
  begin: BidBegin,
): LockedTick | BidVerdict {
  switch (verdict?.kind) {
    case 'acquired': {
      const terms = { ttlMs: parts.options.leaseTtlMs, driftFactor: parts.options.driftFactor };
      const { attempt } = begin;
      const lease = new Lease(verdict.lock, due.tick, parts.clock, terms, attempt);
      if (lease.remainingMs() < trustMs(terms.ttlMs, terms.driftFactor) * LEAST_TRUST_SHARE) {
        void releaseUnused(parts, verdict.lock);
        return { kind: 'open', outcome: 'no_quorum', detail: 'the lock arrived with too little trust left' };
      }
      return { due, lease, begin, claim: newClaim(parts, due) };
    }
    case 'held':
      return {
        kind: 'open',
        outcome: 'overlap',
        detail: `lock held by ${verdict.holder ?? 'another run'}`,
        ...(verdict.freeInMs !== undefined && { retryInMs: verdict.freeInMs }),
      };
    case 'no_quorum':
      return { kind: 'open', outcome: 'no_quorum', detail: `lock: ${verdict.reason}` };
    case undefined:
      return { kind: 'open', outcome: 'no_quorum', detail: 'no verdict from the lock provider' };
    default:
      return verdict satisfies never;
  }
}

async function releaseUnused(parts: BidParts, lock: HeldLock): Promise<void> {
  try {
    await parts.locks.release([lock]);
  } catch (error) {
    parts.observer.observe({ type: 'error', error, where: 'lock provider: release' });
  }
}

/** Random per attempt; the instance's id in front is for people only. */
function newClaim(parts: BidParts, { task, tick, maxLatenessMs }: DueTick): Claim {
  return { task: task.name, tick, maxLatenessMs, claimId: `${parts.instanceId}:${parts.random.id()}` };
}

function decide(candidate: LockedTick, verdict: ClaimVerdict | undefined): BidVerdict {
  switch (verdict?.kind) {
    case 'won':
      return { kind: 'won', won: candidate };
    case 'taken':
      return { kind: 'over', outcome: 'taken', detail: `claimed by ${ownerOf(verdict.claimId)}` };
    case 'late':
      return { kind: 'over', outcome: 'misfire', detail: 'the nodes refused the claim as late' };
    case 'split':
      return { kind: 'open', outcome: 'no_quorum', detail: 'the vote was split' };
    case 'no_quorum':
      return { kind: 'open', outcome: 'no_quorum', detail: `claim: ${verdict.reason}` };
    case 'outdated':
    case 'conflict':
      return { kind: 'fenced', reason: verdict.kind };
    case undefined:
      return NO_VERDICT;
    default:
      return verdict satisfies never;
  }
}

/** The instance in a claim id, for people. */
export function ownerOf(claimId: string | undefined): string {
  if (claimId === undefined) return 'another instance';
  const end = claimId.lastIndexOf(':');
  return end > 0 ? claimId.slice(0, end) : claimId;
}
