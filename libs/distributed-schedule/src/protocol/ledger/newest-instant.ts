/** How far a task has come, as the nodes that answer know it. */

import type { NodeTick, PeekVerdict } from '../contract/ports.js';

/**
 * Up to where nothing can be won any more through the nodes that answer: a silent node counts as one that was part of a
 * majority, and a node that has forgotten as one that has granted everything up to its floor.
 */
export function newestOf(
  known: readonly (NodeTick | undefined)[],
  quorum: number,
): Pick<PeekVerdict, 'newest' | 'isFloor' | 'forgottenUpTo' | 'prunedUpTo'> {
  const answers = known.filter((node) => node !== undefined);
  // A task that nobody knows is new: its past did not happen, whatever the floors are.
  const reached = answers.map(reachedBy).sort((a, b) => b - a);
  const newest = reached[answers.length - quorum] ?? 0;
  if (answers.every(({ tick }) => tick === 0)) {
    const prunedUpTo = Math.max(0, ...answers.map((node) => node.prunedUpTo ?? 0));
    const pruned = prunedUpTo > 0 && { prunedUpTo };
    return newest === 0 ? { newest, ...pruned } : { newest: 0, forgottenUpTo: newest, ...pruned };
  }
  return answers.some(({ tick }) => tick === newest) ? { newest } : { newest, isFloor: true };
}

/** Up to where a node has granted, or may have and grants nothing any more. */
export function reachedBy({ tick, floor = 0, prunedUpTo = 0 }: NodeTick): number {
  return Math.max(tick, floor, prunedUpTo);
}
