// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are pieces of source text.

/** Breakages of what names a clock that was set back, and of what leaves it behind. */

import { type Mutant, NODE_SUITE } from './mutant.js';

const EPOCH = 'memory/memory-epoch.ts';
const SET_BACK = 'protocol/ledger/clock-set-back.ts';

const NAMING: readonly Mutant[] = [
  {
    name: 'no vote names a clock that was set back',
    profiles: ['clocks'],
    file: SET_BACK,
    find: 'return setBack.length > 0 && setBack.length >= least ? { setBackMs: Math.max(...setBack) } : {};',
    replace: 'return least < 0 ? { setBackMs: Math.max(...setBack) } : {};',
  },
  {
    name: 'a tick that nodes have moved past is taken, whatever their clocks show',
    profiles: ['clocks'],
    file: 'protocol/bid/moved-past.ts',
    find: 'if (claimId === undefined && setBackMs !== undefined)',
    replace: 'if (claimId !== undefined && setBackMs !== undefined)',
  },
];

const RAISING: readonly Mutant[] = [
  {
    name: 'a raise keeps what was granted ahead of the clock',
    profiles: ['clocks'],
    file: EPOCH,
    find: 'entry.epoch >= epoch || entry.tick <= burntAboveMs',
    replace: 'entry.epoch >= 0 || entry.tick <= burntAboveMs + epoch',
  },
  {
    name: 'a raise leaves behind what this epoch has granted',
    profiles: ['clocks'],
    file: EPOCH,
    find: 'entry.epoch >= epoch || entry.tick <= burntAboveMs',
    replace: 'entry.tick <= burntAboveMs || epoch === 0',
  },
  {
    name: 'a raise keeps the floor that lies ahead of the clock',
    profiles: ['clocks'],
    file: EPOCH,
    find: 'setBackSinceFloorMs(memory.floor, nowMs) > 0 ? 0 : memory.floor',
    replace: 'setBackSinceFloorMs(memory.floor, nowMs) < 0 ? 0 : memory.floor',
  },
  {
    name: 'a raise begins without a floor',
    profiles: ['clocks'],
    file: EPOCH,
    find: 'memory.floor = Math.max(keptFloor, nowMs + EARLY_MS + MARGIN_MS);',
    replace: 'memory.floor = Math.min(keptFloor, nowMs - EARLY_MS - MARGIN_MS);',
  },
  {
    name: 'a raise keeps the newest instant for its notes',
    profiles: ['clocks'],
    file: EPOCH,
    find: 'memory.highest = Math.min(memory.highest, burntAboveMs);',
    replace: '',
  },
  {
    name: 'a raise keeps vote and id',
    profiles: ['clocks'],
    tests: [NODE_SUITE],
    file: EPOCH,
    find: '  memory.id = `${counterOf(memory.id) + 1}.${newNonce()}`;\n  memory.vote = undefined;\n',
    replace: '  newNonce();\n  counterOf(memory.id);\n',
  },
  {
    name: 'notes of an older epoch count',
    profiles: ['clocks'],
    tests: [NODE_SUITE],
    file: 'memory/memory-identity.ts',
    find: 'const notes = given.filter(({ epoch }) => epoch >= memory.epoch);',
    replace: 'const notes = given.filter(({ epoch }) => epoch >= 0);',
  },
  {
    name: 'nobody raises a node that the raise has not reached',
    profiles: ['clocks'],
    file: 'protocol/electorate/epochs.ts',
    find: 'identity.epoch >= epoch',
    replace: 'identity.epoch >= 0 * epoch',
  },
];

export const CLOCK_MUTANTS: readonly Mutant[] = [...NAMING, ...RAISING];
