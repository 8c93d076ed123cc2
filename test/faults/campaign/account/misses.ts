/** Why nobody ran a tick that was due. Pure. A miss that nothing accounts for is a broken promise. */

import type { OutcomeLine } from '../../../../apps/demo/src/outcome-record.js';
import type { Facts, Life, Span } from './incident.js';
import { LAST_BID_MS, LEFTOVER_MS, LeftLocks } from './left-locks.js';
import { Outages } from './outages.js';
import type { Run } from './runs.js';
import { Starved } from './starved.js';
import { whyWithoutVotes } from './without-votes.js';

export const REASONS = [
  'lost quorum',
  'clock set back',
  'dead winner',
  'votes left behind',
  'earlier run goes on',
  'lock not yet free',
  'all unable',
  'starved machine',
  'unexplained',
] as const;
export type Reason = (typeof REASONS)[number];

type Explanation = readonly [reason: Reason, text: string];

export interface Miss {
  readonly task: string;
  readonly tick: number;
  readonly reason: Reason;
  readonly text: string;
}

/** Bids begin 30 ms before a tick, and no node grants it more than 100 ms before; its lateness limit is 400 ms. */
const BEFORE_MS = 130;
const AFTER_MS = 400;

const SECOND_MS = 1_000;

/** What only the winner of a claim says: it came too late to start. An idle instance says "noticed ... ms late". */
const WINNERS_WORDS = [/^-?\d+ ms late, limit /, /^the lease ran out before the start$/];

/** What a bid says that met votes of somebody else, and no owner. */
const OPEN_CLAIM = /^(the vote was split|claim: |the clocks of its nodes )/;
const OPEN_LOCK = /^lock(: | held by another run)/;

/** As an outcome of a bid, or as the cause that the audit names. */
const SET_BACK = 'clock_set_back';
const CLOCK_FAULT = /^redis: clock /;

/** A tick that was missed, and what was said about it. */
interface Missed {
  readonly dueMs: number;
  readonly span: Span;
  readonly words: readonly OutcomeLine[];
}

export class MissExplainer {
  private readonly outages: Outages;
  private readonly locks: LeftLocks;

  constructor(
    private readonly facts: Facts,
    private readonly runs: readonly Run[],
    private readonly outcomes: readonly OutcomeLine[],
  ) {
    this.outages = new Outages(facts);
    this.locks = new LeftLocks(facts, this.outages);
  }

  explain(task: string, tick: number): Miss {
    const dueMs = tick - this.facts.epochOffsetMs;
    const span = { fromMs: dueMs - BEFORE_MS, toMs: dueMs + AFTER_MS };
    const words = this.outcomes.filter((line) => line.task === task && line.tick === tick);
    const missed = { dueMs, span, words };
    const winners = this.winnersOf(words);
    const found =
      this.heldByRun(task, missed) ??
      this.nobodyAble(span) ??
      this.clockSetBack(missed) ??
      whyWithoutVotes(this.outages, words, span) ??
      this.heldByHurt(missed) ??
      (winners.length > 0 ? this.deadWinner(winners, span) : this.votesLeftBehind(missed)) ??
      this.starved(winners, missed);
    const said = words.map((line) => `${line.replica} ${line.said} (${line.detail})`).join('; ');
    const [reason, text] = found ?? ['unexplained', said === '' ? 'nobody said a word' : said];
    return { task, tick, reason, text };
  }

  /** An earlier run of the task went on, or its process was hurt and left its lock. */
  private heldByRun(task: string, { dueMs, span }: Missed): Explanation | undefined {
    const freeMs = dueMs + LAST_BID_MS;
    for (const run of this.runs) {
      if (run.task !== task || run.startMs >= dueMs || run.heldUntilMs <= freeMs) continue;
      const text = `${run.replica} ran tick ${run.tick}`;
      if (run.hasEnded || run.trustedAtMs > freeMs) return ['earlier run goes on', text];
      const life = this.facts.lives.find(({ instanceId }) => instanceId === run.instanceId);
      const why = life && this.locks.whyRunLeft(life, dueMs, span);
      if (why !== undefined) return ['lock not yet free', `${text} and never ended: ${why}`];
    }
    return undefined;
  }

  /** No replica, or none with a majority of nodes. */
  private nobodyAble(span: Span): Explanation | undefined {
    const able = this.outages.able(span);
    if (able.length === 0) return ['all unable', 'every replica was dead, stopped, blocked or starting'];
    const away = able.map(({ replica }) => this.outages.nodesAway(replica, span));
    const hasQuorum = away.some((nodes) => this.facts.nodes - nodes.size >= this.outages.majority);
    if (hasQuorum) return undefined;
    return ['lost quorum', [...new Set(away.flatMap((nodes) => [...nodes.values()]))].join(' + ')];
  }

  /** Whoever bid says so, and a clock was set back then. A word without such a clock accounts for nothing. */
  private clockSetBack({ words, span }: Missed): Explanation | undefined {
    if (!words.some(({ said, detail }) => said === SET_BACK || detail.startsWith(`${SET_BACK}: `)))
      return undefined;
    const away = this.outages.able(span).flatMap(({ replica }) => [...this.outages.nodesAway(replica, span)]);
    const clocks = away.filter(([, why]) => CLOCK_FAULT.test(why));
    if (clocks.length === 0) return undefined;
    return [
      'clock set back',
      [...new Set(clocks.map(([node, why]) => `redis ${node + 1} (${why})`))].join(' and '),
    ];
  }

  /** Others name the instance that has the lock, and that one was hurt. */
  private heldByHurt({ words, dueMs, span }: Missed): Explanation | undefined {
    for (const holder of this.namedIn(words, 'overlap')) {
      const why = this.locks.whyLeft(holder, dueMs, span);
      if (why !== undefined) return ['lock not yet free', `lock of ${holder.replica} not yet free: ${why}`];
    }
    return undefined;
  }

  /** A winner that is well has to run: no misfortune of others accounts for it. */
  private deadWinner(winners: readonly string[], span: Span): Explanation | undefined {
    const hits = winners.map((winner) => [winner, this.outages.whatHit(winner, span)] as const);
    if (hits.some(([, hit]) => hit === undefined)) return undefined;
    return ['dead winner', hits.map(([winner, hit]) => `claimed by ${winner}: ${hit}`).join('; ')];
  }

  /**
   * A bid was left without a majority: claimants that were hurt in the middle of theirs keep a minority each, and other
   * nodes were away.
   */
  private votesLeftBehind({ words, dueMs, span }: Missed): Explanation | undefined {
    for (const { replica, detail } of words) {
      const isLock = OPEN_LOCK.test(detail);
      if (!isLock && !OPEN_CLAIM.test(detail)) continue;
      const others = this.facts.lives.filter((life) => life.replica !== replica && life.fromMs <= span.toMs);
      const claimants = others.flatMap((life) => {
        const hit = isLock ? this.locks.whyLeft(life, dueMs, span) : this.outages.whatHit(life.replica, span);
        return hit === undefined ? [] : [`${life.replica} (${hit})`];
      });
      const away = this.outages.nodesAway(replica, span);
      const lost = claimants.length * (this.outages.majority - 1) + away.size;
      if (claimants.length === 0 || this.facts.nodes - lost >= this.outages.majority) continue;
      const nodes = [...away].map(([node, why]) => `redis ${node + 1} (${why})`).join(' and ');
      const during = nodes === '' ? '' : ` while ${nodes} was away`;
      return ['votes left behind', `votes left behind by ${claimants.join(' and ')}${during}`];
    }
    return undefined;
  }

  /** At that time, or, when the lock of a named instance stands in the way, when that one may have left it. */
  private starved(winners: readonly string[], { words, span }: Missed): Explanation | undefined {
    const starved = Starved.in(this.facts, span);
    if (winners.length > 0) {
      return winners.every((winner) => starved.has(winner))
        ? ['starved machine', String(starved)]
        : undefined;
    }
    if (this.isQuorumStarved(starved, span)) return ['starved machine', String(starved)];
    const holders = this.namedIn(words, 'overlap');
    for (let earlierMs = 0; earlierMs <= LEFTOVER_MS; earlierMs += SECOND_MS) {
      const before = Starved.in(this.facts, { fromMs: span.fromMs - earlierMs, toMs: span.toMs - earlierMs });
      if (holders.some(({ replica }) => before.has(replica))) return ['starved machine', String(before)];
    }
    return undefined;
  }

  /** Whoever could act was starved, or reached no majority of nodes that were not. */
  private isQuorumStarved(starved: Starved, span: Span): boolean {
    const able = this.outages.able(span).filter(({ replica }) => !starved.has(replica));
    return able.every(({ replica }) => {
      const away = new Set([...this.outages.nodesAway(replica, span).keys(), ...starved.nodes]);
      return this.facts.nodes - away.size < this.outages.majority;
    });
  }

  /** Whom others name as the owner of the claim; else who says itself that it won. */
  private winnersOf(words: readonly OutcomeLine[]): readonly string[] {
    const named = this.namedIn(words, 'taken').map(({ replica }) => replica);
    if (named.length > 0) return named;
    return words
      .filter(({ detail }) => WINNERS_WORDS.some((pattern) => pattern.test(detail)))
      .map(({ replica }) => replica);
  }

  private namedIn(words: readonly OutcomeLine[], word: string): readonly Life[] {
    const details = words.filter(({ said }) => said === word).map(({ detail }) => detail);
    return this.facts.lives.filter(({ instanceId }) => details.some((detail) => detail.includes(instanceId)));
  }
}
