/** How many records a node keeps. What runs leave behind has the smallest share: it must never stand in a decision's way. */

import { ALIVE, INSTANCE, kindInRoom, RUN, SET, TASK, TOLD } from './board-keys.js';

/** A further key of that kind has room on a node that keeps fewer records than this, of all kinds together. */
export interface BoardShares {
  /** What runs leave behind. */
  readonly runs: number;
  /** Tasks that programs add. */
  readonly tasks: number;
  /** Everything else that is decided: a task is paused, or triggered. */
  readonly decisions: number;
  /** What instances say of themselves: without it their tasks would be taken for nobody's. */
  readonly notices: number;
}

export const BOARD_SHARES: BoardShares = Object.freeze({
  runs: 8_000,
  tasks: 9_000,
  decisions: 9_500,
  notices: 10_000,
});

const SHARE_OF_KIND: ReadonlyMap<string, keyof BoardShares> = new Map([
  [RUN, 'runs'],
  [TOLD, 'runs'],
  [TASK, 'tasks'],
  [INSTANCE, 'notices'],
  [ALIVE, 'notices'],
  [SET, 'notices'],
]);

/** How many records a node may keep before a further one under this key has no room. */
export function capacityFor(key: string, shares: BoardShares = BOARD_SHARES): number {
  return shares[SHARE_OF_KIND.get(kindInRoom(key)) ?? 'decisions'];
}

/** Whether the record makes way when there is no room. */
export function makesWay(key: string): boolean {
  return SHARE_OF_KIND.get(kindInRoom(key)) === 'runs';
}
