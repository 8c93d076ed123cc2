import type { JobStart, Snapshot } from './snapshot-store.js';

/** What a job's snapshot says to a new attempt. `begin`: it may run the effect. */
export type BeginDecision = 'begin' | 'done' | 'pending' | 'superseded';

export interface BeginTerms {
  /** The store's clock, microseconds since the epoch. */
  readonly nowUs: number;
  /** A pending attempt that began longer ago than this is taken for dead. */
  readonly takeoverUs: number;
  /** From when its age counts, see {@link ageCountsFromUs}. Default: when it began. */
  readonly sinceUs?: number | undefined;
  /** Whether the store can tell that the attempt of a pending snapshot has ended without a word. */
  readonly isHolderGone?: boolean;
}

/** The Lua script says the same. A larger token takes over at once: the former holder has lost its lease. */
export function decideBegin(
  snapshot: Snapshot | undefined,
  { fencingToken }: Pick<JobStart, 'fencingToken'>,
  { nowUs, takeoverUs, sinceUs, isHolderGone = false }: BeginTerms,
): BeginDecision {
  if (snapshot === undefined) return 'begin';
  if (snapshot.status === 'success') return 'done';
  const newest = snapshot.fencingToken;
  if (fencingToken !== undefined && newest !== undefined && fencingToken < newest) return 'superseded';
  if (snapshot.status === 'failed' || isHolderGone) return 'begin';
  if (fencingToken !== undefined && newest !== undefined && fencingToken > newest) return 'begin';
  return nowUs - (sinceUs ?? snapshot.begunAtUs) >= takeoverUs ? 'begin' : 'pending';
}

/** After a set-back an attempt begins in the future and would stay pending: its age counts from when that is found. */
export function ageCountsFromUs(sinceUs: number, nowUs: number): number {
  return Math.min(sinceUs, nowUs);
}

export function pendingSnapshot(before: Snapshot | undefined, start: JobStart, nowUs: number): Snapshot {
  const atUs = nextUpdateUs(before, nowUs);
  const fencingToken = start.fencingToken ?? before?.fencingToken;
  // The first one stays: an attempt with another input is a mistake, which must be seen.
  const input = before?.input ?? start.input;
  return {
    jobId: start.jobId,
    status: 'pending',
    attempt: (before?.attempt ?? 0) + 1,
    ...(fencingToken === undefined ? {} : { fencingToken }),
    ...(input === undefined ? {} : { input }),
    begunAtUs: atUs,
    updatedAtUs: atUs,
  };
}

/** Grows even when the store's clock does not: two changes must never look alike. */
export function nextUpdateUs(before: Snapshot | undefined, nowUs: number): number {
  return Math.max(nowUs, (before?.updatedAtUs ?? 0) + 1);
}
