/** Every combination of policies, and in words what each policy means: the nine facts of README and docs/policies.md. */

import {
  MISFIRE_POLICIES,
  OVERLAP_POLICIES,
  RECOVERY_POLICIES,
  type TaskPolicies,
} from '#src/protocol/contract/task-policies.js';

export type PolicyRow = Pick<TaskPolicies, 'overlap' | 'misfire' | 'recovery'>;

export const ROWS: readonly PolicyRow[] = OVERLAP_POLICIES.flatMap((overlap) =>
  MISFIRE_POLICIES.flatMap((misfire) =>
    RECOVERY_POLICIES.map((recovery) => ({ overlap, misfire, recovery })),
  ),
);

/** Ticks of a task whose runs overlap are claimed side by side, so the ledger cannot tell which of them was left unfinished. */
export function isRefused({ overlap, recovery }: PolicyRow): boolean {
  return overlap === 'allow' && recovery === 'retake';
}

export function nameOf({ overlap, misfire, recovery }: PolicyRow): string {
  return `${overlap}, ${misfire}, ${recovery}`;
}

/** A tick that comes due during a run. */
export const OVERLAP_WORDS: Readonly<Record<TaskPolicies['overlap'], string>> = {
  skip: 'ends as `overlap`',
  buffer_one: 'the first starts when the run ends, further ones end as `overlap`',
  cancel_other: 'the signal of the run aborts; the tick starts when its handler has returned',
  allow: 'starts beside the run',
};

/** Ticks that nobody could start in time. */
export const MISFIRE_WORDS: Readonly<Record<TaskPolicies['misfire'], string>> = {
  skip: 'are gone',
  latest: 'the newest starts as soon as it can, the others are gone',
  all: 'all start as soon as they can, oldest first',
};

/** A tick whose instance dies during its run. */
export const RECOVERY_WORDS: Readonly<Record<TaskPolicies['recovery'], string>> = {
  lose: 'is gone',
  retake: 'another instance runs it again, as the next attempt',
};
