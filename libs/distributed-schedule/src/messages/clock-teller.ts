/** What people read of clocks that were set back, in the log and in readiness alike. */

import { quorumOf } from '../protocol/contract/quorum.js';
import { spoken } from '../protocol/contract/spoken.js';
import { atLeast, ORDINARY_SKEW_MS } from '../protocol/ledger/clock-set-back.js';
import { Recurrence } from '../tasks/recurrence.js';
import { listed } from './store-status.js';

/** A small step of a clock is over before, and is no news. */
const LASTING_MS = 2_000;

const CAUGHT_UP = 'What kept tasks from starting after clocks were set back is over.';

/** What the log says of clocks that were set back: once, while it lasts once a minute, and when it is over. */
export class ClockTeller {
  private readonly majority = new Recurrence();
  private readonly minority = new Recurrence();
  private readonly ahead = new Recurrence();

  look(view: ClockView & { readonly nowMs: number }): readonly string[] {
    const setBack = setBackSentence(view);
    const isMajority = setBack !== undefined && isMajoritySetBack(view);
    const lines = [
      this.tell(this.majority, isMajority, view.nowMs, `No task can start: ${setBack}.`),
      this.tell(this.minority, setBack !== undefined && !isMajority, view.nowMs, upper(`${setBack}.`)),
      this.tell(this.ahead, aheadSentence(view) !== undefined, view.nowMs, upper(`${aheadSentence(view)}.`)),
    ].flat();
    const hasReturned = this.majority.takeReturn() !== undefined;
    for (const one of [this.minority, this.ahead]) one.takeReturn();
    return hasReturned && setBack === undefined ? [...lines, CAUGHT_UP] : lines;
  }

  private tell(trouble: Recurrence, isThere: boolean, nowMs: number, line: string): readonly string[] {
    trouble.see(isThere, nowMs);
    if (!isThere || trouble.lastedMs(nowMs) < LASTING_MS || !trouble.mayTell(nowMs)) return [];
    trouble.told(nowMs);
    return [line];
  }
}

function upper(text: string): string {
  return `${text.slice(0, 1).toUpperCase()}${text.slice(1)}`;
}

export interface ClockView {
  /** By label of the node, by how much at least its clock was set back. */
  readonly setBackMs: Readonly<Record<string, number>>;
  readonly nodes: number;
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
