/** The first transaction of an attempt: the pending snapshot, so that everybody sees that the job has begun. */

import { decideBegin, pendingSnapshot } from '../once/begin-rule.js';
import type { BeginVerdict, JobStart, Snapshot } from '../once/snapshot-store.js';
import type { Clock } from '../protocol/contract/ports.js';
import type { PostgresSnapshotSettings } from './postgres-snapshot-settings.js';
import type { Begun } from './snapshot-row.js';
import type { SnapshotRows } from './snapshot-rows.js';
import type { StoreSession } from './store-session.js';

const US_PER_MS = 1_000;

/** Another attempt is, or has come, between the two transactions: what comes of it is seen by beginning anew. */
export const AGAIN: Extract<BeginVerdict<never>, { kind: 'pending' }> = { kind: 'pending' };

export interface UpsertParts<Tx> {
  readonly session: StoreSession<Tx>;
  readonly rows: SnapshotRows<Tx>;
  readonly settings: PostgresSnapshotSettings;
  readonly begun: Begun | undefined;
  readonly between: InBetween;
}

export type UpsertVerdict =
  | { readonly kind: 'upserted'; readonly snapshot: Snapshot }
  | Exclude<BeginVerdict<never>, { kind: 'begun' | 'unreachable' }>;

export async function upsertPending<Tx>(parts: UpsertParts<Tx>, start: JobStart): Promise<UpsertVerdict> {
  const { session, rows, settings, begun, between } = parts;
  const nowUs = Number(begun?.now_us);
  const waitMs = await passStaleHolder(parts, start);
  const first = pendingSnapshot(undefined, start, nowUs);
  if (await rows.insert(session, first, waitMs)) return { kind: 'upserted', snapshot: first };
  const before = await rows.lock(session, start.jobId, waitMs);
  // Who has the row's lock knows that its last holder has ended: its transaction had it.
  const takeoverUs = settings.takeoverMs * US_PER_MS;
  const decision = decideBegin(before, start, { nowUs, takeoverUs, isHolderGone: true });
  if (before === undefined) return AGAIN;
  if (decision !== 'begin') return { kind: decision, snapshot: before };
  if (between.mayGoOn(before, nowUs) && !hasLargerToken(start, before)) return AGAIN;
  const written = await rows.replace(session, pendingSnapshot(before, start, nowUs), before.updatedAtUs);
  return written === undefined ? AGAIN : { kind: 'upserted', snapshot: written.snapshot };
}

/** Ends a stale holder's attempt, or waits until the server ends it. Answers how long to wait. */
async function passStaleHolder<Tx>(
  { session, rows, settings, begun }: UpsertParts<Tx>,
  { jobId, fencingToken }: JobStart,
): Promise<number> {
  const { pending_token: token, pending_at_us: atUs } = begun ?? {};
  const isStale = fencingToken !== undefined && typeof token === 'string' && fencingToken > Number(token);
  if (!isStale || typeof atUs !== 'string') return settings.lockWaitMs;
  await rows.endHolder(session, jobId, atUs);
  await rows.waitForTakeover(session);
  return settings.takeoverMs;
}

/** The attempt with the larger token was given the tick later, and need not wait for a stale one. */
function hasLargerToken({ fencingToken }: JobStart, before: Snapshot): boolean {
  return (
    fencingToken !== undefined && before.fencingToken !== undefined && fencingToken > before.fencingToken
  );
}

/** A pending row that nobody has locked, and that is younger than this, is most likely between its two transactions. */
const IN_BETWEEN_MS = 200;

export class InBetween {
  private seen: { readonly updatedAtUs: number; readonly sinceMs: number } | undefined;
  private readonly watchMs: number;

  constructor(
    private readonly clock: Pick<Clock, 'monotonicMs'>,
    lockWaitMs: number,
  ) {
    // It has to be over before the request gives up.
    this.watchMs = Math.min(IN_BETWEEN_MS, lockWaitMs / 2);
  }

  /** Whether its attempt may go on. A row of the future, from before a set-back, has no known age: it is watched as long. */
  mayGoOn({ status, updatedAtUs }: Snapshot, nowUs: number): boolean {
    if (status !== 'pending') return false;
    const ageUs = nowUs - updatedAtUs;
    if (ageUs >= 0) return ageUs < IN_BETWEEN_MS * US_PER_MS;
    const nowMs = this.clock.monotonicMs();
    if (this.seen?.updatedAtUs !== updatedAtUs) this.seen = { updatedAtUs, sinceMs: nowMs };
    return nowMs - this.seen.sinceMs < this.watchMs;
  }
}
