/** Why nobody ran a tick that was due. Pure. A miss that nothing accounts for is a broken promise. */

import type { OutcomeLine } from '../../../../apps/demo/src/outcome-record.js';
import type { Facts, Life } from './incident.js';
import { Outages, type Span } from './outages.js';
import type { Run } from './runs.js';

export const REASONS = [
  'lost quorum',
  'dead winner',
  'earlier run goes on',
  'lock not yet free',
  'all unable',
  'starved machine',
  'unexplained',
] as const;
export type Reason = (typeof REASONS)[number];

export interface Miss {
  readonly task: string;
  readonly tick: number;
  readonly reason: Reason;
  readonly text: string;
}

/** Bids begin 30 ms before a tick, and no node grants it more than 100 ms before; its lateness limit is 400 ms. */
const BEFORE_MS = 130;
const AFTER_MS = 400;

/** Every instance has a bid at 300 ms. A lock that was held until shortly before it accounts for the miss. */
const LAST_BID_MS = 200;

/** For so long a lock, or a vote, that nobody takes back can stand in the way: one time to live and one tick. */
const LEFTOVER_MS = 4_000;

const SECOND_MS = 1_000;

/** A process that waited longer than this for a processor answers too late: the node timeout is 120 ms. */
const STARVED_MS = 100;

export class MissExplainer {
  private readonly outages: Outages;

  constructor(
    private readonly facts: Facts,
    private readonly runs: readonly Run[],
    private readonly outcomes: readonly OutcomeLine[],
  ) {
    this.outages = new Outages(facts);
  }

  explain(task: string, tick: number): Miss {
    const dueMs = tick - this.facts.epochOffsetMs;
    const span = { fromMs: dueMs - BEFORE_MS, toMs: dueMs + AFTER_MS };
    const words = this.outcomes.filter((line) => line.task === task && line.tick === tick);
    const found =
      this.heldByRun(task, dueMs) ??
      this.nobodyAble(span) ??
      this.heldByHurt(words, span) ??
      (this.names(words, 'taken')
        ? undefined
        : (this.surrendered(words, span) ?? this.leftover(words, span))) ??
      this.starved(words, span);
    const said = words.map(({ replica, said: word, detail }) => `${replica} ${word} (${detail})`).join('; ');
    const [reason, text] = found ?? (['unexplained', said === '' ? 'nobody said a word' : said] as const);
    return { task, tick, reason, text };
  }

  /** No replica, or none with a majority of nodes. */
  private nobodyAble(span: Span): readonly [Reason, string] | undefined {
    const able = this.outages.able(span);
    if (able.length === 0) return ['all unable', 'every replica was dead, stopped, blocked or starting'];
    const away = able.map(({ replica }) => this.outages.nodesAway(replica, span));
    const hasQuorum = away.some((nodes) => this.facts.nodes - nodes.size >= this.outages.majority);
    if (hasQuorum) return undefined;
    return ['lost quorum', [...new Set(away.flatMap((nodes) => [...nodes.values()]))].join(' + ')];
  }

  /** An earlier run of the task went on, or died and left its lock. */
  private heldByRun(task: string, dueMs: number): readonly [Reason, string] | undefined {
    const holder = this.runs.find(
      (run) => run.task === task && run.startMs < dueMs && run.heldUntilMs > dueMs + LAST_BID_MS,
    );
    if (holder === undefined) return undefined;
    const reason = holder.hasEnded ? 'earlier run goes on' : 'lock not yet free';
    return [reason, `${holder.replica} ran tick ${holder.tick}${holder.hasEnded ? '' : ' and never ended'}`];
  }

  /** Others name the instance that has the claim or the lock, and that one was hurt. */
  private heldByHurt(words: readonly OutcomeLine[], span: Span): readonly [Reason, string] | undefined {
    for (const { said, detail } of words) {
      const name = this.lifeNamedIn(detail)?.replica;
      if (name === undefined) continue;
      // A claim is won just before it is used; a lock that nobody releases stands for its time to live.
      const hit = said === 'taken' ? this.outages.whatHit(name, span) : undefined;
      if (hit !== undefined) return ['dead winner', `claimed by ${name}: ${hit}`];
      const left = said === 'overlap' ? this.outages.whatHit(name, withLeftovers(span)) : undefined;
      if (left !== undefined) return ['lock not yet free', `lock of ${name} not yet free: ${left}`];
    }
    return undefined;
  }

  /** The winner itself says that it came too late to start, and it was hurt. */
  private surrendered(words: readonly OutcomeLine[], span: Span): readonly [Reason, string] | undefined {
    for (const { replica, said, detail } of words) {
      if (said === 'taken' || said === 'overlap') continue;
      const hit = this.outages.whatHit(replica, span);
      if (hit !== undefined) return ['dead winner', `${replica} said ${said} (${detail}): ${hit}`];
    }
    return undefined;
  }

  /** A replica that was hurt, or a node that was away, leaves locks and votes behind: too few are left for a majority. */
  private leftover(words: readonly OutcomeLine[], span: Span): readonly [Reason, string] | undefined {
    const wasOpen = words.some(({ said }) => said === 'no_quorum' || said === 'overlap');
    const hit = this.outages.hitAnybody(withLeftovers(span));
    if (!wasOpen || hit === undefined) return undefined;
    const away = this.facts.lives.some(({ replica }) => this.outages.nodesAway(replica, span).size > 0);
    return away ? ['dead winner', `votes left behind with a node away (${hit})`] : undefined;
  }

  /** At that time, or, when a lock stands in the way, when it may have been left behind. */
  private starved(words: readonly OutcomeLine[], span: Span): readonly [Reason, string] | undefined {
    const before = words.some(({ said }) => said === 'overlap') ? LEFTOVER_MS / SECOND_MS : 0;
    for (let seconds = 0; seconds <= before; seconds += 1) {
      const earlierMs = seconds * SECOND_MS;
      const worst = this.worstStarved({ fromMs: span.fromMs - earlierMs, toMs: span.toMs - earlierMs });
      if (worst !== undefined) return ['starved machine', worst];
    }
    return undefined;
  }

  private worstStarved(span: Span): string | undefined {
    const waited = new Map<string, number>();
    for (const one of this.facts.starvation) {
      if (one.toMs < span.fromMs || one.fromMs > span.toMs) continue;
      waited.set(one.process, (waited.get(one.process) ?? 0) + one.waitedMs);
    }
    const [worst] = [...waited].sort(([, one], [, other]) => other - one);
    if (worst === undefined || worst[1] < STARVED_MS) return undefined;
    return `${worst[0]} waited ${Math.round(worst[1])} ms for a processor`;
  }

  /** A claim of an instance that nothing happened to, and that did not run: no other misfortune accounts for that. */
  private names(words: readonly OutcomeLine[], word: string): boolean {
    return words.some(({ said, detail }) => said === word && this.lifeNamedIn(detail) !== undefined);
  }

  private lifeNamedIn(detail: string): Life | undefined {
    return this.facts.lives.find(({ instanceId }) => detail.includes(instanceId));
  }
}

function withLeftovers({ fromMs, toMs }: Span): Span {
  return { fromMs: fromMs - LEFTOVER_MS, toMs };
}
