/**
 * Who bids first. Rendezvous hashing (Thaler and Ravishankar, 1998): every instance scores every (task,
 * instance) pair and sorts. No coordination, an even spread, and when an instance comes or goes only its own
 * tasks move. Rank decides liveness and load, never safety: instances with different ideas of who is alive, or of
 * who has which labels, collide in the vote, and nothing worse.
 *
 * With weights the score of a pair is -w / ln(u), where u is its hash as a number between 0 and 1: the *logarithmic method*
 * of weighted rendezvous hashing (Schindelhauer and Schomaker, "Weighted distributed hash tables", 2005). -ln(u) / w is
 * exponentially distributed with rate w, and the smallest of such numbers is that of instance i with probability
 * w(i) / sum of all w, exactly; a weight that changes moves tasks only from or to its own instance. Equal weights give the
 * order of the plain hash.
 */

import { hash32 } from '../contract/hash.js';
import type { Placement, ScheduledTask } from '../contract/tick-context.js';
import { LAST_RANK } from '../options/protocol-options.js';

/** The labels of an instance as far as they are known here; none for one that has not told them yet. */
export type LabelsOf = (instanceId: string) => readonly string[];

/** The live instances, and those of them that run a task. Without the latter all do. */
export interface Crowd {
  readonly members: () => readonly string[];
  readonly contenders?: (task: string) => readonly string[];
}

/** Among whom an instance has its rank for a task. */
export function contendersFor({ members, contenders }: Crowd, task: string): readonly string[] {
  return contenders?.(task) ?? members();
}

const HASHES = 2 ** 32;

/** From 0, among members that may run the task; behind them all if no member; undefined if it may not run the task. */
export function rankOf(
  task: string,
  instanceId: string,
  members: readonly string[],
  placement?: Placement,
  labelsOf: LabelsOf = noLabels,
): number | undefined {
  if (!isEligible(placement, labelsOf(instanceId))) return undefined;
  const eligible = eligibleAmong(members, placement, labelsOf);
  if (!eligible.includes(instanceId)) return eligible.length;
  const own = scoreOf(task, instanceId, placement, labelsOf);
  let rank = 0;
  for (const member of eligible) {
    if (member === instanceId) continue;
    const score = scoreOf(task, member, placement, labelsOf);
    // Equal scores are settled by id, so that two instances never share a rank.
    if (score > own || (score === own && member < instanceId)) rank += 1;
  }
  return rank;
}

/** What an instance knows about itself when it asks for its rank. */
export interface RankParts extends Crowd {
  readonly instanceId: string;
  /** Absent: each rank is computed anew. */
  readonly ranks?: { rankOf: typeof rankOf };
  /** Absent: nobody has labels. */
  readonly labelsOf?: LabelsOf;
  readonly register: { hasGivenUp(task: string): boolean };
}

/** Last while a run that we gave up goes on here: this instance may be what hangs it. A fraction then, behind the ranked bids of others. */
export function rankHere(
  parts: RankParts,
  { name, placement }: Pick<ScheduledTask, 'name' | 'placement'>,
): number | undefined {
  const { instanceId, labelsOf, register } = parts;
  const those = contendersFor(parts, name);
  const ranking = parts.ranks ?? { rankOf };
  const rank = ranking.rankOf(name, instanceId, those, placement, labelsOf);
  if (rank === undefined || !register.hasGivenUp(name)) return rank;
  const others = eligibleAmong(those, placement, labelsOf ?? noLabels).filter((one) => one !== instanceId);
  if (others.length === 0) return 0;
  // Ahead of the common rounds, or nobody would bid early where every instance hangs. Apart by rank, or these would split each vote.
  return LAST_RANK - 1 + (rank + 1) / (others.length + 2);
}

/** Whether an instance with these labels may run a task of this placement. */
export function isEligible(placement: Placement | undefined, labels: readonly string[]): boolean {
  return placement === undefined || placement.runOn.every((label) => labels.includes(label));
}

/** Those of the members that may run a task of this placement. */
export function eligibleAmong(
  members: readonly string[],
  placement: Placement | undefined,
  labelsOf: LabelsOf,
): readonly string[] {
  if (placement === undefined || placement.runOn.length === 0) return members;
  return members.filter((member) => isEligible(placement, labelsOf(member)));
}

/** The largest weight of its labels; 1 without any that counts. */
export function weightOf({ weight }: Placement, labels: readonly string[]): number {
  const weights = labels.flatMap((label) => (Object.hasOwn(weight, label) ? [weight[label] ?? 1] : []));
  return weights.length === 0 ? 1 : Math.max(...weights);
}

function scoreOf(
  task: string,
  instanceId: string,
  placement: Placement | undefined,
  labelsOf: LabelsOf,
): number {
  const hash = hash32(`${task.length}:${task}${instanceId}`);
  if (placement === undefined || Object.keys(placement.weight).length === 0) return hash;
  // The half keeps it between 0 and 1: there is no logarithm of the one, and that of the other is 0.
  return -weightOf(placement, labelsOf(instanceId)) / Math.log((hash + 0.5) / HASHES);
}

function noLabels(): readonly string[] {
  return [];
}
