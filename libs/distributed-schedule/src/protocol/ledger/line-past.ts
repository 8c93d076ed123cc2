/** The past of a task: what nodes tell, and what that comes to, also from a ledger that tells less. */

import type { LinePast, PeekAnswer } from '../contract/line-past.js';
import type { NodeTick, PeekVerdict } from '../contract/ports.js';

type ToldPast = Pick<
  PeekVerdict,
  'newest' | 'isFloor' | 'forgottenUpTo' | 'prunedUpTo' | 'highest' | 'highestPossible' | 'nodeTimeMs'
>;

/** What a majority of nodes knows of a task. @param timesMs each node's clock at its answer, in the same order */
export function tellPast(
  known: readonly (NodeTick | undefined)[],
  timesMs: readonly (number | undefined)[],
  quorum: number,
): ToldPast {
  const answers = known.filter((node) => node !== undefined);
  const nodeTimeMs = majorityTimeMs(known, timesMs, quorum);
  return {
    ...newestOf(answers, quorum),
    ...(nodeTimeMs !== undefined && { nodeTimeMs }),
    highest: Math.max(0, ...answers.map(({ tick }) => tick)),
    highestPossible: Math.max(0, ...answers.map(reachedBy)),
  };
}

/** The answer in full. A question without one is `unknown`. */
export function toAnswer(verdict: PeekVerdict = { kind: 'unknown' }): PeekAnswer {
  const { kind, setBackMs } = verdict;
  const rest = { ...(setBackMs !== undefined && { setBackMs }), past: toPast(verdict) };
  if (kind !== 'taken') return { kind, ...rest };
  return verdict.claimId === undefined ? { kind, ...rest } : { kind, ...rest, claimId: verdict.claimId };
}

/** The only place that says what it means when a ledger leaves something out. */
export function toPast(told: ToldPast = {}): LinePast {
  const { newest = 0, forgottenUpTo = 0, prunedUpTo = 0, highest = newest } = told;
  const closedByClaim = told.isFloor ? 'floor' : 'claim';
  return {
    canTell: told.newest !== undefined,
    knowsGrants: told.highest !== undefined,
    closedUpTo: Math.max(newest, forgottenUpTo),
    closedBy: newest === 0 ? 'nobody' : closedByClaim,
    grantedUpTo: highest,
    possiblyGrantedUpTo: told.highestPossible ?? highest,
    prunedUpTo,
    nodeTimeMs: told.nodeTimeMs ?? Number.POSITIVE_INFINITY,
  };
}

/** A silent node counts as part of a majority, and a node that has forgotten as one that granted everything up to its floor. */
function newestOf(answers: readonly NodeTick[], quorum: number): ToldPast {
  const reached = answers.map(reachedBy).sort((a, b) => b - a);
  const newest = reached[answers.length - quorum] ?? 0;
  // A task that nobody knows is new: its past did not happen, whatever the floors are.
  if (answers.every(({ tick }) => tick === 0)) {
    const prunedUpTo = Math.max(0, ...answers.map((node) => node.prunedUpTo ?? 0));
    const pruned = prunedUpTo > 0 && { prunedUpTo };
    return newest === 0 ? { newest, ...pruned } : { newest: 0, forgottenUpTo: newest, ...pruned };
  }
  return answers.some(({ tick }) => tick === newest) ? { newest } : { newest, isFloor: true };
}

/** Up to where a node has granted, or may have and grants nothing any more. */
function reachedBy({ tick, floor = 0, prunedUpTo = 0 }: NodeTick): number {
  return Math.max(tick, floor, prunedUpTo);
}

/** A majority of the clocks showed at least this; undefined: too few that know anything were heard. */
export function majorityTimeMs(
  known: readonly unknown[],
  timesMs: readonly (number | undefined)[],
  quorum: number,
): number | undefined {
  const heard = known.flatMap((node, index) => (node === undefined ? [] : (timesMs[index] ?? [])));
  return heard.sort((a, b) => b - a)[quorum - 1];
}
