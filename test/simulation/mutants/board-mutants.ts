/** Breakages of how the board forgets and remembers: who was away, what is read anew, and what makes way. Seen in worlds of boards alone. */

import type { Breakage } from '../../support/broken-copy.js';

const ABSENCE = 'protocol/board/board-absence.ts';
const HEARING = 'protocol/board/board-hearing.ts';
const READING = 'protocol/board/board-reading.ts';
const MAP = 'protocol/board/board-map.ts';
const SHARES = 'protocol/board/board-shares.ts';
const NODE = 'memory/memory-board.ts';

export const BOARD_MUTANTS: readonly Breakage[] = [
  {
    name: 'a node that was away is believed',
    file: ABSENCE,
    find: 'if (inTouchMs === 0 || nowMs - inTouchMs <= AWAY_AFTER_MS) return false;',
    replace: 'if (inTouchMs >= 0) return false;',
  },
  {
    name: 'a node is away though nobody was there meanwhile',
    file: ABSENCE,
    find: 'return others.some((other) => other - inTouchMs > APART_MS && other - nowMs < APART_MS);',
    replace: 'return others.length > 0;',
  },
  {
    name: 'a node is away only where the others were there for half a day more',
    file: ABSENCE,
    find: 'other - inTouchMs > APART_MS',
    replace: 'other - inTouchMs > AWAY_AFTER_MS',
  },
  {
    name: 'a node is in touch as of the message that finds it again',
    file: READING,
    find: 'inTouchMs: this.inTouchMs,',
    replace: 'inTouchMs: this.isOpen ? 0 : Math.floor(nowMs),',
  },
  {
    name: 'the first answer is believed before a majority has told',
    file: HEARING,
    find: "if (own === undefined || !this.isKnown) return 'unknown';",
    replace: "if (own === undefined || !this.isKnown) return 'present';",
  },
  {
    name: 'a node is not told that it was away',
    file: READING,
    find: 'this.awaySinceMs = inTouchMs;',
    replace: 'this.awaySinceMs = 1;',
  },
  {
    name: 'what an instance knows grows old by the clock that stands still',
    file: HEARING,
    find: 'return elapsedMs(this.majorityHeard, readClocks(this.parts.clock)) > FORGET_AFTER_MS;',
    replace: 'return this.parts.clock.monotonicMs() - this.majorityHeard.monotonicMs > FORGET_AFTER_MS;',
  },
  {
    name: 'what was about to be put is put after all',
    file: 'protocol/board/board-put.ts',
    find: 'while (!stopped.aborted && !discarded.aborted) {',
    replace: 'while (!stopped.aborted) {',
  },
  {
    name: 'what was forgotten is not shown while it is read anew',
    file: MAP,
    find: 'this.outgoing = outgoing;\n    this.records.clear();',
    replace: 'this.records.clear();',
  },
  {
    name: 'what was forgotten is shown for good',
    file: MAP,
    find: 'this.outgoing = undefined;\n    if (outgoing',
    replace: 'if (outgoing',
  },
  {
    name: 'a node that has lost its records is told by nobody',
    file: READING,
    find: 'if (loss !== undefined) onLoss(loss);',
    replace: "if (loss === 'away') onLoss(loss);",
  },
  {
    name: 'what runs leave behind never makes way',
    file: SHARES,
    find: "[RUN, 'runs'],",
    replace: "[RUN, 'notices'],",
  },
  {
    name: 'the newest run makes way',
    file: NODE,
    find: 'record.stamp.ms - oldest.stamp.ms;',
    replace: 'oldest.stamp.ms - record.stamp.ms;',
  },
  {
    name: 'a run takes the room of a decision',
    file: NODE,
    find: 'if (this.records.size < capacityFor(key, this.shares)) return true;',
    replace: 'if (this.records.size < this.shares.notices) return true;',
  },
];
