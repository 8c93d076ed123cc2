import { DistributedScheduleError } from '../protocol/contract/errors.js';
import { keptValueOf } from './kept-value.js';
import type { BeginVerdict, KeptValue, Snapshot } from './snapshot-store.js';

/** How an attempt at a job ended. Whatever else happens is thrown. */
export type OnceResult<Output> =
  /** The effect ran here, and its success is written down. */
  | { readonly kind: 'ran'; readonly output: Output; readonly snapshot: Snapshot }
  /** It had succeeded before. `output` is undefined where it was too large to be kept. */
  | { readonly kind: 'replayed'; readonly output: Output | undefined; readonly snapshot: Snapshot }
  /** Another attempt is at it: the job is not done, and the effect did not run here. */
  | { readonly kind: 'pending'; readonly snapshot?: Snapshot }
  /** A later attempt has taken the job over. Without transactions the effect may have happened here (`hasRun`). */
  | { readonly kind: 'superseded'; readonly hasRun: boolean; readonly snapshot?: Snapshot };

export function answerOf<Tx>(
  verdict: Exclude<BeginVerdict<Tx>, { kind: 'begun' | 'unreachable' }>,
  input: KeptValue,
): Exclude<OnceResult<never>, { kind: 'ran' }> {
  switch (verdict.kind) {
    case 'done':
      return replayed(verdict.snapshot, input);
    case 'superseded':
      return { ...verdict, hasRun: false };
    case 'pending':
      return verdict;
    default:
      return verdict satisfies never;
  }
}

/** @throws DistributedScheduleError DSCHED_KEY_REUSED: an answer that belongs to another question is worse than none */
export function replayed(
  snapshot: Snapshot,
  input: KeptValue,
): Extract<OnceResult<never>, { kind: 'replayed' }> {
  if (isOtherInput(snapshot, input)) throw keyReused(snapshot.jobId);
  return { kind: 'replayed', output: keptValueOf(snapshot.output) as never, snapshot };
}

export function isOtherInput({ input }: Snapshot, given: KeptValue): boolean {
  return input?.digest !== undefined && given.digest !== undefined && input.digest !== given.digest;
}

export function keyReused(jobId: string): DistributedScheduleError {
  const message = `job ${jobId} was begun with another input; give each unit of work a key of its own`;
  return new DistributedScheduleError('DSCHED_KEY_REUSED', message, { value: jobId });
}

/** @param meaning what is known of the effect */
export function storeUnreachable(jobId: string, reason: string, meaning: string): DistributedScheduleError {
  const message = `the snapshot store did not answer for job ${jobId} (${reason}); ${meaning}`;
  return new DistributedScheduleError('DSCHED_STORE_UNREACHABLE', message, { value: jobId });
}
