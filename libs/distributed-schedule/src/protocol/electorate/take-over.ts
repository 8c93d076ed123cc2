/**
 * A set on record that nobody shows may be suspended, for hours: it is taken over only where it can win nothing more.
 * Then a majority of *its* nodes carries our stamp. All else is for a person, but for one node stamped after it forgot us.
 */

import { isProvisional, type SetStamp, SINGLE_POSITION, setText } from '../contract/node-set.js';
import { quorumOf } from '../contract/quorum.js';
import { isMajority, type KnownNode } from './known-node.js';
import type { Rival } from './rival-sets.js';
import { describeRecord, nameOfSet } from './set-name.js';
import {
  type Answer,
  decided,
  hasListened,
  latestGrantMs,
  type PlannedStamp,
  planStamp,
  type SetDecision,
  type SetScene,
} from './set-scene.js';

export interface TakeOver {
  readonly stamps: readonly PlannedStamp[];
  /** Nothing else may be stamped, and nothing bid for, before this is settled. */
  readonly blocks?: SetDecision;
}

interface Recorded {
  readonly stamp: SetStamp;
  readonly answers: readonly Answer[];
}

/** @param ownSinceMs since when our set stands at a node that answers */
export function decideTakeOver(
  scene: SetScene,
  answers: readonly Answer[],
  rivals: readonly Rival[],
  ownSinceMs: number | undefined,
): TakeOver {
  const live = new Set(rivals.map(({ set }) => setText(set)));
  const stamps: PlannedStamp[] = [];
  let mustComeFirst = false;
  for (const recorded of recordedSets(answers)) {
    const { stamp } = recorded;
    // It is younger than ours, or it would go on: its instances give way with their next beat.
    if (live.has(setText(stamp.set))) continue;
    const isOver =
      canWinNoMore(recorded, answers) ||
      isIntruder(scene, recorded, answers, ownSinceMs) ||
      scene.takeOver === nameOfSet(stamp.set);
    if (!isOver) {
      if (ownSinceMs !== undefined) continue;
      return { stamps: [], blocks: decided('conflict', describeConflict(scene, recorded)) };
    }
    if (!recorded.answers.every(({ identity }) => hasListened(identity))) continue;
    const sinceMs = ownSinceMs ?? latestGrantMs(recorded.answers);
    stamps.push(...recorded.answers.map((answer) => planStamp(scene, answer, 'taken_over', sinceMs)));
    // Begun by an instance that has not come to the end: the majority of that set is not ours yet.
    mustComeFirst ||= ownSinceMs === undefined || (!isProvisional(stamp) && stamp.sinceMs < ownSinceMs);
  }
  if (!mustComeFirst) return { stamps };
  return { stamps: [], blocks: { ...decided('waits', 'a set that nobody uses is taken over'), stamps } };
}

/** A younger set on a node that forgot ours. We go on beside it anyway: taking the node back only costs it a vote. */
function isIntruder(
  { set }: SetScene,
  { stamp }: Recorded,
  answers: readonly Answer[],
  ownSinceMs: number | undefined,
): boolean {
  if (ownSinceMs === undefined) return false;
  if (!isProvisional(stamp) && stamp.sinceMs <= ownSinceMs) return false;
  return isMajority(answers.filter(({ standing }) => standing === 'own').length, set);
}

/** Enough of its nodes are ours to stamp, or are stamped by us already. */
function canWinNoMore({ stamp: { set }, answers: there }: Recorded, answers: readonly Answer[]): boolean {
  if (set.positions.includes(SINGLE_POSITION)) return true;
  const reached = answers.filter(
    (answer) =>
      set.positions.includes(answer.node.position) && (there.includes(answer) || answer.standing === 'own'),
  );
  return reached.length >= quorumOf(set.positions.length);
}

function recordedSets(answers: readonly Answer[]): readonly Recorded[] {
  const recorded = new Map<string, { stamp: SetStamp; answers: Answer[] }>();
  for (const answer of answers) {
    const { stamp } = answer.identity;
    if (stamp === undefined || answer.standing !== 'foreign') continue;
    const key = setText(stamp.set);
    const known = recorded.get(key);
    if (known === undefined) recorded.set(key, { stamp, answers: [answer] });
    else known.answers.push(answer);
  }
  return [...recorded.values()];
}

function describeConflict({ set, nodes }: SetScene, { stamp, answers }: Recorded): string {
  const where = answers.map(({ node }: { node: Pick<KnownNode, 'label'> }) => node.label).join(' and ');
  return (
    `${where} ${answers.length === 1 ? 'is' : 'are'} on record for ${describeRecord(stamp, set, nodes)}, and no live ` +
    'instance shows it. If all its instances are stopped for good, and not only suspended, pass ' +
    `takeOver: '${nameOfSet(stamp.set)}' to go on with the nodes of this instance; otherwise correct \`redis\``
  );
}
