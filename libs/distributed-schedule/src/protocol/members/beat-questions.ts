/** Ticks are asked about in the message of the beat, or at the ledger where the nodes do not know them. */

import type { DueTick } from '../contract/due-tick.js';
import type { PeekAnswer } from '../contract/line-past.js';
import type { GuardedLedger } from '../ledger/guarded-ports.js';
import { toAnswer } from '../ledger/line-past.js';

export interface BeatQuestionsParts {
  readonly ledger: Pick<GuardedLedger, 'peek' | 'runsOnce'>;
  /** Absent: the nodes know all ticks, but for those of tasks that run once. */
  readonly isElsewhere: ((task: string) => boolean) | undefined;
}

export class BeatQuestions {
  constructor(private readonly parts: BeatQuestionsParts) {}

  /** What travels with the beat. */
  forNodes(asked: readonly DueTick[]): readonly DueTick[] {
    return asked.filter((due) => !this.isElsewhere(due));
  }

  /** Asks the ledger about the rest, at once. Never rejects. */
  async askLedger(asked: readonly DueTick[]): Promise<readonly PeekAnswer[]> {
    const elsewhere = asked.filter((due) => this.isElsewhere(due));
    return elsewhere.length === 0 ? [] : this.parts.ledger.peek(elsewhere);
  }

  /** The answers in the order of the questions. A question that was not answered is `unknown`. */
  inOrder(
    asked: readonly DueTick[],
    fromNodes: readonly PeekAnswer[],
    fromLedger: readonly PeekAnswer[],
  ): readonly PeekAnswer[] {
    const [nextNode, nextLedger] = [fromNodes.values(), fromLedger.values()];
    return asked.map((due) => (this.isElsewhere(due) ? nextLedger : nextNode).next().value ?? toAnswer());
  }

  private isElsewhere({ task }: DueTick): boolean {
    const { isElsewhere, ledger } = this.parts;
    // What runs once has lines of its own in the ledger.
    return isElsewhere?.(task.name) === true || ledger.runsOnce(task.name);
  }
}
