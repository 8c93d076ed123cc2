/** Who asks for a tick. */

import { claimedInstant, type DueTick } from '../contract/due-tick.js';
import type { Claim, Random } from '../contract/ports.js';
import { PRUNABLE_MARK } from '../contract/prunable-lines.js';

/** A new random id for each bid. The instance in front is for people; the mark behind says whether its line may be pruned. */
export function newClaim(
  parts: { readonly instanceId: string; readonly random: Random },
  due: DueTick,
): Claim {
  const trigger = due.task.triggerOf?.(due.tick);
  return {
    task: due.task.name,
    tick: claimedInstant(due),
    ...(trigger && {
      trigger: { task: trigger.line, tick: claimedInstant({ ...due, tick: trigger.placedMs }) },
    }),
    maxLatenessMs: due.maxLatenessMs,
    claimId: `${parts.instanceId}:${parts.random.id()}${markOf(due)}`,
  };
}

export function isClaimOf(instanceId: string, claimId: string | undefined): boolean {
  return claimId !== undefined && ownerOf(claimId) === instanceId;
}

function markOf({ task }: DueTick): string {
  return task.isPrunable === true ? PRUNABLE_MARK : '';
}

/** The instance in a claim id, for people and for guesses. */
export function ownerOf(claimId: string | undefined): string {
  if (claimId === undefined) return 'another instance';
  const end = claimId.lastIndexOf(':');
  return end > 0 ? claimId.slice(0, end) : claimId;
}
