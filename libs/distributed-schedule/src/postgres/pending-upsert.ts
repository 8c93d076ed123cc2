/** The first transaction of an attempt: the pending snapshot, so that everybody sees that the job has begun. */

import { decideBegin, pendingSnapshot } from '../once/begin-rule.js';
import type { BeginVerdict, JobStart, Snapshot } from '../once/snapshot-store.js';
import type { InBetween } from './in-between.js';
import type { PostgresSnapshotSettings } from './postgres-snapshot-settings.js';
import type { SnapshotRows } from './snapshot-rows.js';
import type { StoreSession } from './store-session.js';
import type { Begun } from './transaction-sql.js';

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
  const snapshot = await rows.replace(session, pendingSnapshot(before, start, nowUs), before.updatedAtUs);
  return snapshot === undefined ? AGAIN : { kind: 'upserted', snapshot };
}

/**
 * Ends an attempt with a smaller token, or waits until the server ends it: its holder is stale. Answers for how long, ms.
 */
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
