/** One attempt at one job, top to bottom. docs/idempotence.md has a line for a death between any two steps. */

import { type Digest, keepValue } from './kept-value.js';
import {
  answerOf,
  isOtherInput,
  keyReused,
  type OnceResult,
  replayed,
  storeUnreachable,
} from './once-result.js';
import type {
  BeginVerdict,
  EndVerdict,
  KeptValue,
  OpenAttempt,
  Snapshot,
  SnapshotCache,
  SnapshotStore,
} from './snapshot-store.js';
import { askPatiently, type Patient } from './store-patience.js';

/** Given the transaction, where the store has such, and the pending snapshot. */
export type Effect<Tx, Output> = (tx: Tx, snapshot: Snapshot) => Output | Promise<Output>;

export interface OnceParts<Tx> extends Patient {
  readonly store: SnapshotStore<Tx>;
  readonly cache?: Pick<SnapshotCache, 'read' | 'publish'> | undefined;
  readonly digest: Digest;
  /** Longer JSON of inputs and outputs is kept as its digest only, characters. */
  readonly mostKeptChars: number;
}

export interface OnceJob {
  readonly jobId: string;
  readonly input?: unknown;
  readonly fencingToken?: number;
  /** See {@link JobStart}. */
  readonly isNested?: boolean;
}

/** Calls of the effect in one attempt, when the store rolls it back for reasons of its own each time. */
const MAX_CALLS = 5;
const MAX_ERROR_CHARS = 500;

/**
 * @throws what the effect throws, once the failure is written down, and the reason of the signal that has aborted
 * @throws DistributedScheduleError DSCHED_STORE_UNREACHABLE when the store does not answer until patience ends,
 *   DSCHED_KEY_REUSED when the job was begun with another input
 */
export async function runOnce<Tx, Output>(
  parts: OnceParts<Tx>,
  job: OnceJob,
  effect: Effect<Tx, Output>,
): Promise<OnceResult<Output>> {
  const input = keepValue(job.input, parts.digest, parts.mostKeptChars);
  // 1 check cache
  const cached = await parts.cache?.read(job.jobId);
  if (cached?.status === 'success') return replayed(cached, input);
  for (let calls = 1; ; calls += 1) {
    // 2 begin, 3 upsert
    const verdict = await begin(parts, job, input);
    if (verdict.kind !== 'begun') return answerOf(verdict, input);
    const { attempt } = verdict;
    if (isOtherInput(attempt.snapshot, input)) {
      await attempt.fail('begun with another input');
      throw keyReused(job.jobId);
    }
    const end = await runEffect(parts, attempt, effect, calls < MAX_CALLS);
    if (end.kind !== 'undone') return end;
  }
}

async function begin<Tx>(
  { store, ...patient }: OnceParts<Tx>,
  { jobId, fencingToken, isNested }: OnceJob,
  input: KeptValue,
): Promise<Exclude<BeginVerdict<Tx>, { kind: 'unreachable' }>> {
  const start = {
    jobId,
    attemptId: patient.random.id(),
    ...(input.digest === undefined ? {} : { input }),
    ...(fencingToken === undefined ? {} : { fencingToken }),
    ...(isNested === true ? { isNested } : {}),
  };
  const verdict = await askPatiently(patient, () => store.begin(start, patient.signal));
  if (verdict.kind === 'unreachable') throw storeUnreachable(jobId, verdict.reason, 'the effect did not run');
  return verdict;
}

async function runEffect<Tx, Output>(
  parts: OnceParts<Tx>,
  attempt: OpenAttempt<Tx>,
  effect: Effect<Tx, Output>,
  mayRepeat: boolean,
): Promise<OnceResult<Output> | { readonly kind: 'undone' }> {
  await endIfAborted(parts, attempt);
  let output: Output;
  try {
    // 4 run
    output = await effect(attempt.tx, attempt.snapshot);
  } catch (error) {
    if (mayRepeat && parts.store.isUndone(error) && parts.signal?.aborted !== true) {
      await attempt.abandon();
      return { kind: 'undone' };
    }
    await askPatiently(parts, () => attempt.fail(errorText(error)));
    throw error;
  }
  const { jobId } = attempt.snapshot;
  const verdict = await succeed(parts, attempt, output);
  switch (verdict.kind) {
    case 'written':
      // 6 publish
      if (verdict.isVolatile !== true) await parts.cache?.publish(verdict.snapshot);
      return { kind: 'ran', output, snapshot: verdict.snapshot };
    case 'superseded':
      return { ...verdict, hasRun: true };
    case 'undone':
      await endIfAborted(parts, attempt);
      if (mayRepeat) return verdict;
      throw storeUnreachable(jobId, verdict.reason, 'it was rolled back each time');
    case 'unreachable':
      throw storeUnreachable(jobId, verdict.reason, 'whether the success was written is unknown');
    default:
      return verdict satisfies never;
  }
}

/** A run that was told to end must not begin, nor begin again. */
async function endIfAborted<Tx>({ signal }: OnceParts<Tx>, attempt: OpenAttempt<Tx>): Promise<void> {
  if (signal?.aborted !== true) return;
  await attempt.fail('aborted');
  signal.throwIfAborted();
}

/** A store that refuses the success for good, as for a constraint that is checked at COMMIT, makes the attempt a failed one. */
async function succeed<Tx>(
  parts: OnceParts<Tx>,
  attempt: OpenAttempt<Tx>,
  output: unknown,
): Promise<EndVerdict> {
  const kept = keepValue(output, parts.digest, parts.mostKeptChars);
  try {
    // 5 update
    return await askPatiently(parts, () => attempt.succeed(kept));
  } catch (error) {
    await attempt.fail(errorText(error));
    throw error;
  }
}

/** Of whatever was thrown: also of what has no text, or throws when it is asked for one. */
function errorText(error: unknown): string {
  try {
    const text = error instanceof Error ? `${error.name}: ${error.message}` : String(error);
    return text.slice(0, MAX_ERROR_CHARS);
  } catch {
    return 'what was thrown has no text';
  }
}
