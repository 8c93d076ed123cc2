/** What is kept of a job, a unit of work with an id, so that its effect is not run again. run-once.ts is the flow. */

import type { Clock, Random } from '../protocol/contract/ports.js';

/**
 * - `pending`  an attempt has begun and has not ended, or died before it could say so
 * - `success`  the effect has returned; final, never changed again
 * - `failed`   the effect threw; a later attempt may run it again
 */
export const SNAPSHOT_STATUSES = ['pending', 'success', 'failed'] as const;
export type SnapshotStatus = (typeof SNAPSHOT_STATUSES)[number];

/** A value as it is kept: always its digest, and its JSON where that is not too long. */
export interface KeptValue {
  /** SHA-256 over the canonical JSON, hex. Absent where the value has no JSON (a function, a cycle, a bigint). */
  readonly digest?: string;
  /** Canonical JSON. Absent where it is longer than the bound, or the value is undefined. */
  readonly json?: string;
}

export interface Snapshot {
  readonly jobId: string;
  readonly status: SnapshotStatus;
  /** Attempts that have begun so far, from 1. */
  readonly attempt: number;
  /** Of the newest attempt that had one. */
  readonly fencingToken?: number;
  readonly input?: KeptValue;
  /** Of a success. */
  readonly output?: KeptValue;
  /** What the effect threw, shortened. Of a failure. */
  readonly error?: string;
  /** When the newest attempt has begun, microseconds since the epoch by the store's clock. Tells attempts apart. */
  readonly begunAtUs: number;
  /** The last change, microseconds since the epoch by the store's clock. It grows with every change: the optimistic lock. */
  readonly updatedAtUs: number;
}

export interface JobStart {
  /** 32 hex digits. */
  readonly jobId: string;
  /** Random per attempt, the same when a lost request is made again. */
  readonly attemptId: string;
  readonly input?: KeptValue;
  /** Orders the attempts at one job: a smaller one than the newest is a stale holder's. Absent outside ticks. */
  readonly fencingToken?: number;
  /** Asked for inside an effect, which goes on holding what it was given: whatever is scarce is not waited for. */
  readonly isNested?: true;
}

export type BeginVerdict<Tx> =
  /** The pending snapshot is written, and this attempt is the one that runs the effect. */
  | { readonly kind: 'begun'; readonly attempt: OpenAttempt<Tx> }
  /** The job has succeeded: its snapshot is the answer. */
  | { readonly kind: 'done'; readonly snapshot: Snapshot }
  /** Another attempt is at it, as far as the store can tell. */
  | { readonly kind: 'pending'; readonly snapshot?: Snapshot }
  /** An attempt with a larger fencing token has begun: the caller is a stale holder. */
  | { readonly kind: 'superseded'; readonly snapshot: Snapshot }
  /** No answer. Nothing is known; begin again. */
  | { readonly kind: 'unreachable'; readonly reason: string };

export type EndVerdict =
  /** `isVolatile`: a crash of the store may take it back, as far as is known, so nothing but the store answers for it. */
  | { readonly kind: 'written'; readonly snapshot: Snapshot; readonly isVolatile?: boolean }
  /** Another attempt has taken the job over. What the store can roll back is rolled back; the rest has happened. */
  | { readonly kind: 'superseded'; readonly snapshot?: Snapshot }
  /** The store has rolled everything back for reasons of its own (a serialisation failure): run the job again. */
  | { readonly kind: 'undone'; readonly reason: string }
  /** No answer: written or not. Ask again with the same call, which is then harmless. */
  | { readonly kind: 'unreachable'; readonly reason: string };

/** One attempt at a job, from its pending snapshot to its end. Exactly one of the two ends is called. */
export interface OpenAttempt<Tx> {
  readonly snapshot: Snapshot;
  /** What the effect writes through so that its writes and the snapshot are committed together; undefined without. */
  readonly tx: Tx;
  /** Commits what was written through `tx` together with the success, or neither. */
  succeed(output: KeptValue): Promise<EndVerdict>;
  /** Rolls back what was written through `tx`, and writes the failure down. */
  fail(error: string): Promise<EndVerdict>;
  /** Rolls back and leaves the job as if this attempt had died. Never rejects. */
  abandon(): Promise<void>;
}

/**
 * Keeps one snapshot per job. At most one attempt holds a job; where the store cannot tell a dead holder from a slow one, a
 * later attempt takes over after a bound, and the earlier one ends `superseded`.
 */
export interface SnapshotStore<Tx = unknown> {
  /** Whether writes through `tx` and the success are one: the effect is applied exactly once. Else it runs at least once. */
  readonly isTransactional: boolean;
  read(jobId: string): Promise<SnapshotReply>;
  begin(start: JobStart, signal?: AbortSignal): Promise<BeginVerdict<Tx>>;
  /** Which memory of which store: it changes when a success may have been forgotten. Absent: nothing is cached. */
  identify?(): Promise<IdentityReply>;
  /** Whether an effect has thrown this because the store rolled its transaction back for reasons of its own. */
  isUndone(error: unknown): boolean;
  /** Ends every connection that was opened here. */
  close(): Promise<void>;
}

export type SnapshotReply =
  | { readonly answered: true; readonly snapshot: Snapshot | undefined }
  | { readonly answered: false; readonly reason: string };

export type IdentityReply =
  | { readonly answered: true; readonly identity: string }
  | { readonly answered: false; readonly reason: string };

/** Successes, kept near for a while. An entry's `jobId` is made of job and store. No method rejects. */
export interface SnapshotCache {
  read(jobId: string): Promise<Snapshot | undefined>;
  /** Tells all instances, best effort. */
  publish(snapshot: Snapshot): Promise<void>;
  /** Removes an entry everywhere: also from the memory of instances, as far as they are reached. */
  forget(jobId: string): Promise<ForgetReply>;
  close(): Promise<void>;
}

export type ForgetReply =
  | { readonly forgotten: true }
  /** Some entry may be there yet, until its time to live is over. */
  | { readonly forgotten: false; readonly reason: string };

export interface SnapshotParts {
  readonly clock: Clock;
  readonly random: Random;
  /** Prefix of keys: environments and applications share stores. */
  readonly namespace: string;
}

/** Makes a store when the application starts; its connections are opened when they are needed. */
export interface SnapshotSource<Tx = unknown> {
  /** Nobody but this process can reach the store, so that it needs no namespace. Absent: others may share it. */
  readonly isLocal?: true;
  open(parts: SnapshotParts): SnapshotStore<Tx>;
}

export interface SnapshotCacheSource {
  /** As for {@link SnapshotSource}. */
  readonly isLocal?: true;
  open(parts: SnapshotParts): SnapshotCache;
}
