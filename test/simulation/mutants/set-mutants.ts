/** Breakages of the rules of node sets: instances of two sets may then both win a tick, or none ever again. */

import { LEDGER, type Mutant, REFUSAL } from './mutant.js';

const IDENTITY = 'memory/memory-identity.ts';
const DECIDE = 'protocol/electorate/decide-set.ts';
const SCENE = 'protocol/electorate/set-scene.ts';
const TAKE_OVER = 'protocol/electorate/take-over.ts';
const ELECTORATE = 'protocol/electorate/electorate.ts';

export const SET_MUTANTS: readonly Mutant[] = [
  {
    name: 'a node does not look at its stamp',
    profiles: ['sets'],
    file: LEDGER,
    find: 'if (standing !== undefined) return all(standing);',
    replace: '',
  },
  {
    name: 'a set that need not meet the one on record is granted',
    profiles: ['sets'],
    file: REFUSAL,
    find: "if (setText(set) !== setText(stamp.set) && !mustMeet(set, stamp.set)) return 'conflict';",
    replace: '',
  },
  {
    name: 'a stamp is written over whatever is there',
    profiles: ['sets'],
    file: IDENTITY,
    find: "if (memory.stamp !== expected || (id !== undefined && memory.id !== id)) return 'changed';",
    replace: '',
  },
  {
    name: 'a stamp has no deadline',
    profiles: ['sets'],
    file: IDENTITY,
    find: "if (deadlineMs > 0 && nowMs > deadlineMs) return 'too_late';\n  if (memory.stamp",
    replace: 'if (memory.stamp',
  },
  {
    name: 'a stamp has no deadline and is written over whatever is there',
    profiles: ['sets'],
    file: IDENTITY,
    find: "if (deadlineMs > 0 && nowMs > deadlineMs) return 'too_late';\n  if (memory.stamp !== expected || (id !== undefined && memory.id !== id)) return 'changed';",
    replace: '',
  },
  {
    name: 'a take-over raises no floor',
    profiles: ['sets'],
    file: IDENTITY,
    find: 'raiseFloor ? Math.max(',
    replace: 'raiseFloor && nowMs < 0 ? Math.max(',
  },
  {
    name: 'a first start takes no floor from a young node',
    profiles: ['sets'],
    file: DECIDE,
    find: "isForced ? 'forced' : 'first', sinceMs, floorFromMs",
    replace: "isForced ? 'forced' : 'first', sinceMs",
  },
  {
    name: 'a set that stands and yields counts as gone',
    profiles: ['sets'],
    file: DECIDE,
    find: 'sinceMs === undefined ? standingYielders(scene.set, scene.nodes) : []',
    replace: '[] as LiveSet[]',
  },
  {
    name: 'it yields on answers older than its stamps',
    profiles: ['sets'],
    file: ELECTORATE,
    find: '!this.upkeep.wasStamping(this.heardBeat.sentMs)',
    replace: 'this.heardBeat.sentMs > 0',
  },
  {
    name: 'names come before records',
    profiles: ['sets'],
    file: 'protocol/electorate/rival-sets.ts',
    find: 'if (rival.onRecord !== undefined)',
    replace: 'if (rival.instances < 0)',
  },
  {
    name: 'a set that waits judges ticks',
    profiles: ['sets'],
    file: 'protocol/audit/audit-source.ts',
    find: 'if (electorate === undefined) return true;',
    replace: 'if (tick > 0) return true;',
  },
  {
    name: 'a first start does not listen',
    profiles: ['sets'],
    file: SCENE,
    find: 'return nowMs >= sinceMs + MEMBER_TTL_MS;',
    replace: 'return nowMs >= sinceMs;',
  },
  {
    name: 'a first start does not want all nodes',
    profiles: ['sets'],
    file: DECIDE,
    find: 'if (isForced && scene.waitedMs < scene.identityWaitMs) {',
    replace: 'if (isForced && scene.waitedMs < 0) {',
  },
  {
    name: 'other sets are not looked at',
    profiles: ['sets'],
    file: DECIDE,
    find: 'const rivals = rivalsOf(scene.set, scene.nodes);',
    replace: 'const rivals = rivalsOf(scene.set, scene.nodes).slice(0, 0);',
  },
  {
    name: 'nobody gives way',
    profiles: ['sets'],
    file: DECIDE,
    find: 'const stronger = rivals.find((rival) => outranks(rival, scene.set, scene.standsSinceMs));',
    replace:
      'const stronger = rivals.find((rival) => outranks(rival, scene.set, scene.standsSinceMs) && rival.instances < 0);',
  },
  {
    name: 'the younger stamp wins',
    profiles: ['sets'],
    file: 'protocol/electorate/rival-sets.ts',
    find: 'return rivalSinceMs < ownSinceMs;',
    replace: 'return rivalSinceMs > ownSinceMs;',
  },
  {
    name: 'time alone takes over',
    profiles: ['sets'],
    file: TAKE_OVER,
    find: 'return reached.length >= quorumOf(set.positions.length);',
    replace: 'return reached.length >= 0 * quorumOf(set.positions.length);',
  },
  {
    name: 'a set is taken over at once',
    profiles: ['sets'],
    file: TAKE_OVER,
    find: 'if (!recorded.answers.every(({ identity }) => hasListened(identity))) continue;',
    replace: '',
  },
  {
    name: 'nothing is taken over',
    profiles: ['sets'],
    file: TAKE_OVER,
    find: 'canWinNoMore(recorded, answers) ||',
    replace: '(answers.length < 0 && canWinNoMore(recorded, answers)) ||',
  },
  {
    name: 'an instance that was away bids before it beats',
    profiles: ['sets'],
    file: 'protocol/electorate/why-no-bid.ts',
    find: 'return silentMs > MEMBER_TTL_MS ?',
    replace: 'return silentMs > MEMBER_TTL_MS * 1e6 ?',
  },
  {
    name: 'an instance goes on before the others have seen that it does',
    profiles: ['sets'],
    file: DECIDE,
    find: "if (!scene.wasShown) return { ...decided('waits', 'the other set is gone'), againInMs: 0 };",
    replace: '',
  },
  {
    name: 'an empty node is not stamped again',
    profiles: ['sets'],
    file: DECIDE,
    find: 'stamps: [...takeOver.stamps, ...newer, ...empty] };',
    replace: 'stamps: [...takeOver.stamps, ...newer, ...empty.slice(0, 0)] };',
  },
  {
    name: 'a set that yields judges ticks',
    profiles: ['sets'],
    file: ELECTORATE,
    find: "if (this.decision.condition === 'yields') return false;",
    replace: '',
  },
];
