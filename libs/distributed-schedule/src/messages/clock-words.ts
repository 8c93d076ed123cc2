/** What people read of clocks that were set back, in the log and in readiness alike. */

import { quorumOf } from '../protocol/contract/quorum.js';
import { spoken } from '../protocol/contract/spoken.js';
import { atLeast, ORDINARY_SKEW_MS } from '../protocol/ledger/clock-set-back.js';
import { listed } from './node-words.js';

export interface ClockView {
  /** By label of the node, by how much at least its clock was set back. */
  readonly setBackMs: Readonly<Record<string, number>>;
  readonly nodes: number;
  /** Our cluster time is ahead of the nodes by this. */
  readonly aheadMs: number;
}

/** Undefined where no clock was set back. Where tasks run all the same nothing has to be left behind. */
export function setBackSentence({
  setBackMs,
  nodes,
}: Pick<ClockView, 'setBackMs' | 'nodes'>): string | undefined {
  const labels = Object.keys(setBackMs);
  if (labels.length === 0) return undefined;
  const [clocks, they] = labels.length === 1 ? ['clock', 'was'] : ['clocks', 'were'];
  const byMs = Math.max(...Object.values(setBackMs));
  const wayOut = isMajoritySetBack({ setBackMs, nodes }) ? '. raiseEpoch leaves it behind' : '';
  return (
    `the ${clocks} of ${listed(labels)} ${they} set back by ${atLeast(byMs)}: nothing is granted there before the time ` +
    `that they showed then${wayOut}`
  );
}

/** True if set-back clocks leave no majority, so that no task can start. */
export function isMajoritySetBack({ setBackMs, nodes }: Pick<ClockView, 'setBackMs' | 'nodes'>): boolean {
  return nodes - Object.keys(setBackMs).length < quorumOf(nodes);
}

/** Undefined where this instance goes by the time of its nodes. */
export function aheadSentence({ aheadMs }: Pick<ClockView, 'aheadMs'>): string | undefined {
  return aheadMs <= ORDINARY_SKEW_MS
    ? undefined
    : `this instance has seen the clocks of its nodes ${spoken(aheadMs)} ahead of what they show now, and its cluster time ` +
        'never goes back: restart it';
}
