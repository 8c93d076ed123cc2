import { Recurrence } from '../tasks/recurrence.js';
import { aheadSentence, type ClockView, isMajoritySetBack, setBackSentence } from './clock-words.js';

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
    const isOver = this.majority.takeReturn() !== undefined;
    for (const one of [this.minority, this.ahead]) one.takeReturn();
    return isOver && setBack === undefined ? [...lines, CAUGHT_UP] : lines;
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
