/** Whether our set votes, and which nodes it stamps; pure. Each rule excludes a way to double ticks: docs/protocol/identity.md. */

import { MEMBER_TTL_MS } from '../contract/constants.js';
import { isoTime } from '../contract/iso-time.js';
import type { LiveSet } from '../contract/node-identity.js';
import { majoritiesMeet, PROVISIONAL_MS } from '../contract/node-set.js';
import { isMajority, type StampStanding, stampStandingOf } from './known-node.js';
import { outranks, type Rival, rivalsOf, standingYielders } from './rival-sets.js';
import { nameOfSet } from './set-name.js';
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
import { decideTakeOver } from './take-over.js';

export function decideSet(scene: SetScene): SetDecision {
  const answers = answersOf(scene);
  const newer = answers.find(({ standing }) => standing === 'newer');
  if (newer !== undefined) {
    return decided('outdated', `${newer.node.label} is on record for a newer generation of the node set`);
  }
  const rivals = rivalsOf(scene.set, scene.nodes);
  const stronger = rivals.find((rival) => outranks(rival, scene.set, scene.standsSinceMs));
  if (stronger !== undefined) {
    const goesOn = `${describeLive(stronger)} goes on`;
    // Too few answers say whether this set stands itself: no reason to be overlooked by the others.
    return decided(isMajority(answers.length, scene.set) ? 'yields' : 'waits', goesOn);
  }
  // Others may have stamped because they saw us yield. They must first see that we no longer do, or both sets stand.
  if (!scene.wasShown) return { ...decided('waits', 'the other set is gone'), againInMs: 0 };
  if (!isMajority(answers.length, scene.set)) {
    const detail = 'too few nodes answer';
    if (scene.standsSinceMs === undefined) return decided('waits', detail);
    return scene.wasShownToStand ? decided('bids', detail) : hasToShow(detail, []);
  }
  return decideStamps(scene, answers, rivals);
}

function hasToShow(detail: string, stamps: readonly PlannedStamp[]): SetDecision {
  return { ...decided('waits', detail), stamps, againInMs: 0, isAboutToBid: true };
}

function decideStamps(scene: SetScene, answers: readonly Answer[], rivals: readonly Rival[]): SetDecision {
  const ofStanding = (wanted: StampStanding): readonly Answer[] =>
    answers.filter(({ standing }) => standing === wanted);
  const own = ofStanding('own');
  const sinceMs = own.length > 0 ? Math.min(...own.map(sinceOf)) : undefined;
  // One that stands may be bidding until its next beat, where a node of both forgot while instances of this set were away.
  const undecided = rivals.find(({ standsSinceMs }) => sinceMs === undefined || standsSinceMs !== undefined);
  if (undecided !== undefined) {
    return decided('waits', `${describeLive(undecided)} is alive too, and has not given way yet`);
  }
  // A yielding set still counts: it may stand on nodes that we do not see, and its old grants stand.
  const [yielder] = sinceMs === undefined ? standingYielders(scene.set, scene.nodes) : [];
  if (yielder !== undefined) {
    return decided('waits', `${describeLive(yielder)} stands, and gives way only for now`);
  }
  // The newer generation wins by its stamps, without waiting for anybody: the set changes by one node at a time.
  const newer = planNewer(scene, ofStanding('older'), sinceMs);
  const takeOver = decideTakeOver(scene, answers, rivals, sinceMs);
  if (sinceMs !== undefined) {
    if (takeOver.blocks !== undefined) return takeOver.blocks;
    // A provisional one was on record before the set stood anywhere: its node has floors to raise like an empty one.
    const empty = [...ofStanding('none'), ...ofStanding('provisional')].map((answer) =>
      planStamp(scene, answer, 'empty', sinceMs),
    );
    const stamps = [...takeOver.stamps, ...newer, ...empty];
    if (scene.wasShownToStand) return { ...decided('bids', 'the set stands'), stamps };
    // Who joined a set on record after these answers has seen us as one that does not stand yet, and bids.
    return hasToShow('the others have yet to see that the set stands', stamps);
  }
  if (takeOver.blocks?.condition === 'conflict') return takeOver.blocks;
  if (newer.length > 0) return { ...decided('waits', 'the set is put on record'), stamps: newer };
  const empty = [...ofStanding('none'), ...ofStanding('provisional')];
  if (empty.length === 0 && takeOver.blocks === undefined && ofStanding('foreign').length === 0) {
    return decided('bids', 'the set must meet the one on record');
  }
  return decideFirstStart(scene, answers, takeOver.blocks);
}

/** Nothing of the set stands. A silent or new node may be the only one that knows of a set in use. */
function decideFirstStart(
  scene: SetScene,
  answers: readonly Answer[],
  takeOver: SetDecision | undefined,
): SetDecision {
  const deaf = answers.filter(({ identity }) => !hasListened(identity));
  if (deaf.length > 0) {
    const againInMs = Math.max(
      ...deaf.map(({ identity: { sinceMs, nowMs } }) => sinceMs + MEMBER_TTL_MS - nowMs),
    );
    return { ...decided('waits', 'new nodes listen for other instances first'), againInMs };
  }
  const silent = scene.nodes.filter(({ answersNow }) => !answersNow).map(({ label }) => label);
  const isForced = silent.length > 0;
  if (isForced && scene.waitedMs < scene.identityWaitMs) {
    return decided(
      'waits',
      `the set is not on record, and ${silent.join(' and ')} cannot be asked; a first start wants all nodes`,
    );
  }
  if (takeOver !== undefined) return takeOver;
  return { ...decided('waits', 'the set is put on record'), stamps: planFirst(scene, answers, isForced) };
}

/** In two rounds: see `isProvisional`. */
function planFirst(scene: SetScene, answers: readonly Answer[], isForced: boolean): readonly PlannedStamp[] {
  const empty = answers.filter(({ standing }) => standing === 'none');
  if (empty.length > 0) return empty.map((answer) => planStamp(scene, answer, 'provisional', PROVISIONAL_MS));
  const sinceMs = earliestNowMs(answers);
  // A set that began to take these nodes over may have been granted something at one that has forgotten since.
  const floorFromMs = Math.max(...answers.map(({ identity }) => identity.sinceMs));
  return answers
    .filter(({ standing }) => standing === 'provisional')
    .map((answer) => planStamp(scene, answer, isForced ? 'forced' : 'first', sinceMs, floorFromMs));
}

function planNewer(
  scene: SetScene,
  older: readonly Answer[],
  ownSinceMs: number | undefined,
): readonly PlannedStamp[] {
  const mayMiss = older.some(({ identity: { stamp } }) => stamp && !majoritiesMeet(stamp.set, scene.set));
  const sinceMs = mayMiss ? latestGrantMs(older) : earliestNowMs(older);
  return older.map((answer) => planStamp(scene, answer, 'newer', ownSinceMs ?? sinceMs));
}

function answersOf({ nodes, set }: SetScene): readonly Answer[] {
  return nodes.flatMap((node) => {
    const { identity, answersNow } = node;
    if (identity === undefined || !answersNow) return [];
    return [{ node, identity, standing: stampStandingOf(identity, set) }];
  });
}

function sinceOf({ identity }: Answer): number {
  return identity.stamp?.sinceMs ?? Number.POSITIVE_INFINITY;
}

/** With clocks apart, none of the nodes is to wait for the fastest one. */
function earliestNowMs(answers: readonly Answer[]): number {
  return Math.floor(Math.min(...answers.map(({ identity }) => identity.nowMs)));
}

function describeLive({ set, app, instances, standsSinceMs }: LiveSet): string {
  const size = set.positions.length === 1 ? '1 node' : `${set.positions.length} nodes`;
  const many = instances === 0 ? 'its connections have just ended' : `${instances} live instances`;
  const who = instances === 1 ? '1 live instance' : many;
  const since = standsSinceMs === undefined ? '' : `, since ${isoTime(standsSinceMs)}`;
  return `set ${nameOfSet(set)} (${size}, app '${app}', ${who}${since})`;
}
