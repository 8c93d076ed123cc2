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

/** One answer per question, in full: also of an adapter in JavaScript, which may answer with too few of them, or with null. */
export function answersTo(questions: number, peeks: readonly (PeekVerdict | null)[]): readonly PeekAnswer[] {
  let before: PeekVerdict | undefined;
  let past = toPast();
  return Array.from({ length: questions }, (_, index) => {
    const verdict = peeks[index] ?? undefined;
    // Tasks that are due together have the same past as a rule: it is made once for all of them.
    if (verdict === undefined || before === undefined || !isSamePast(verdict, before)) past = toPast(verdict);
    before = verdict;
    return toAnswer(verdict, past);
  });
}

function isSamePast(one: ToldPast, other: ToldPast): boolean {
  return (
    one.newest === other.newest &&
    one.isFloor === other.isFloor &&
    one.forgottenUpTo === other.forgottenUpTo &&
    one.prunedUpTo === other.prunedUpTo &&
    one.highest === other.highest &&
    one.highestPossible === other.highestPossible &&
    one.nodeTimeMs === other.nodeTimeMs
  );
}

/** The answer in full. A question without one is `unknown`. */
export function toAnswer(verdict: PeekVerdict = { kind: 'unknown' }, past = toPast(verdict)): PeekAnswer {
  const { kind, setBackMs } = verdict;
  if (kind === 'taken' && setBackMs === undefined && verdict.claimId !== undefined)
    return { kind, past, claimId: verdict.claimId };
  const rest = { ...(setBackMs !== undefined && { setBackMs }), past };
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
