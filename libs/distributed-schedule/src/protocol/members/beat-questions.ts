/** Ticks are asked about in the message of the beat, or at the ledger where the nodes do not know them. */

import type { DueTick } from '../contract/due-tick.js';
import type { PeekAnswer } from '../contract/line-past.js';
import type { StandbyTicks } from '../contract/standby-set.js';
import type { BeatAnswer, GuardedLedger } from '../ledger/guarded-ports.js';
import { toAnswer } from '../ledger/line-past.js';

export interface BeatQuestionsParts {
  readonly ledger: Pick<GuardedLedger, 'peek' | 'runsOnce'>;
  /** Absent: the nodes know all ticks, but for those of tasks that run once. */
  readonly isElsewhere: ((task: string) => boolean) | undefined;
}

/** Questions of one beat, by who is asked. */
export interface SplitQuestions {
  readonly asked: readonly DueTick[];
  /** What travels with the beat. */
  readonly forNodes: readonly DueTick[];
  readonly forLedger: readonly DueTick[];
}

export class BeatQuestions {
  constructor(private readonly parts: BeatQuestionsParts) {}

  split(asked: readonly DueTick[]): SplitQuestions {
    const forLedger = asked.filter((due) => this.isElsewhere(due));
    const forNodes = forLedger.length === 0 ? asked : asked.filter((due) => !this.isElsewhere(due));
    return { asked, forNodes, forLedger };
  }

  /** What the nodes can be asked about by its set. */
  forSet(standby: StandbyTicks | undefined): StandbyTicks | undefined {
    if (standby === undefined) return undefined;
    const tasks = standby.tasks.filter((task) => !this.isKeptElsewhere(task));
    return { tick: standby.tick, tasks };
  }

  /** Asks in full about what short answers have not settled. Never rejects. */
  async settle(
    asked: readonly DueTick[],
    { peeks, unsettled = [] }: BeatAnswer,
  ): Promise<readonly PeekAnswer[]> {
    if (unsettled.length === 0) return peeks;
    const again = await this.parts.ledger.peek(unsettled.flatMap((place) => asked[place] ?? []));
    const settled = [...peeks];
    for (const [index, place] of unsettled.entries()) settled[place] = again[index] ?? toAnswer();
    return settled;
  }

  /** Asks the ledger about its part, at once. Never rejects. */
  async askLedger({ forLedger }: SplitQuestions): Promise<readonly PeekAnswer[]> {
    return forLedger.length === 0 ? [] : this.parts.ledger.peek(forLedger);
  }

  /** The answers in the order of the questions. A question that was not answered is `unknown`. */
  inOrder(
    { asked, forLedger }: SplitQuestions,
    fromNodes: readonly PeekAnswer[],
    fromLedger: readonly PeekAnswer[],
  ): readonly PeekAnswer[] {
    if (forLedger.length === 0 && fromNodes.length === asked.length) return fromNodes;
    const isForLedger = new Set(forLedger);
    const [nextNode, nextLedger] = [fromNodes.values(), fromLedger.values()];
    return asked.map((due) => (isForLedger.has(due) ? nextLedger : nextNode).next().value ?? toAnswer());
  }

  private isElsewhere({ task }: DueTick): boolean {
    return this.isKeptElsewhere(task.name);
  }

  private isKeptElsewhere(task: string): boolean {
    const { isElsewhere, ledger } = this.parts;
    // What runs once has lines of its own in the ledger.
    return isElsewhere?.(task) === true || ledger.runsOnce(task);
  }
}
