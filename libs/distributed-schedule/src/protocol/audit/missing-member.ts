/** A member that is not there any more, and what the nodes have to be asked about it. */

import { ENDS_KEPT_MS } from '../contract/attempt-end.js';
import { tickKey } from '../contract/due-tick.js';
import type { Standing } from './run-inquiries.js';
import { distinct, type Question } from './their-claims.js';

/** Without a majority that says it is away, the nodes are asked again after this. */
const ASK_AGAIN_MS = 500;

/** While silent nodes may know more, the others are asked again; the pauses grow up to this. */
const MAX_PAUSE_MS = 4_000;

/** No longer than this after the first answer: nodes keep ends for twice as long. */
const ASK_UNHEARD_FOR_MS = ENDS_KEPT_MS / 2;

/** How a question stands by an answer. */
export interface Judged {
  readonly question: Question;
  /** `unheard`: nodes that are silent now may know. */
  readonly state: 'open' | 'unheard';
}

export class MissingMember {
  askAtMs: number;
  /** No majority has said that it is away. Until one does it is asked without lines: there may be thousands of them. */
  isDisputed = false;
  /** How it stood when what is open was found open last; undefined before. */
  standing: Standing | undefined;
  private openOnes: readonly Question[] = [];
  private unheard: readonly Question[] = [];
  /** A claim that was told may be heard of once more, as the newest one of its line. */
  private readonly toldKeys = new Set<string>();
  private unheardUntilMs: number | undefined;
  private pauseMs = ASK_AGAIN_MS;

  /** @param sinceMs cluster time: a lease that was renewed after that is a sign of life */
  constructor(public sinceMs: number) {
    this.askAtMs = sinceMs;
  }

  /** The claims that it seems to have taken with it. */
  get open(): readonly Question[] {
    return this.openOnes;
  }

  /** What the nodes are asked beside what is open. @param all what they are asked first */
  others(all: () => readonly Question[]): readonly Question[] {
    return this.unheardUntilMs === undefined ? all() : this.unheard;
  }

  /** It is not known whether it is gone, or what it has left behind. */
  askAgain(nowMs: number): void {
    this.askAtMs = nowMs + ASK_AGAIN_MS;
  }

  take(judged: readonly Judged[], standing: Standing, nowMs: number): void {
    this.standing = standing;
    this.unheardUntilMs ??= nowMs + ASK_UNHEARD_FOR_MS;
    const those = (state: Judged['state']): Question[] =>
      judged.flatMap((one) => (one.state === state ? one.question : []));
    this.openOnes = distinct(those('open')).filter((one) => !this.toldKeys.has(tickKey(one)));
    this.unheard = nowMs < this.unheardUntilMs ? those('unheard') : [];
  }

  takeOpen(): readonly Question[] {
    const { openOnes } = this;
    for (const one of openOnes) this.toldKeys.add(tickKey(one));
    this.openOnes = [];
    return openOnes;
  }

  /** Plans the next question. False: there is none. @param ripeMs when what is open may be told */
  askNext(ripeMs: number, nowMs: number): boolean {
    this.askAtMs = this.openOnes.length > 0 ? ripeMs : Number.POSITIVE_INFINITY;
    if (this.unheard.length > 0) {
      this.askAtMs = Math.min(this.askAtMs, nowMs + this.pauseMs);
      this.pauseMs = Math.min(2 * this.pauseMs, MAX_PAUSE_MS);
    }
    return this.openOnes.length + this.unheard.length > 0;
  }
}
