/** Who could act and who could vote at a given time, from what was done to them. Pure. */

import type { Facts, Incident, Life, Span } from './incident.js';

/** A client connects again every 100 ms, and gives an attempt that hangs 1 s. */
const RECONNECT_MS = 1_200;

/** How long after its return the first script reaches a node at the latest: there is a beat a second. */
const FIRST_CONTACT_MS = 1_100;

/** A node that may have forgotten grants no run lock for one time to live (and no tick for 1 s, which is less). */
const QUARANTINE_MS = 3_000;

/** A new memory votes when both other nodes have noted it: one that is away is waited for, but no longer than this. */
const IDENTITY_WAIT_MS = 30_000;

/** An id that others have replaced is given up after this, when connecting anew has not helped. */
const GIVE_UP_ID_MS = 10_000;

/** A process that stood still has its backlog to work off first. */
const WAKING_MS = 300;

/** A replica that has just started knows neither time nor members yet. */
const SETTLING_MS = 300;

export class Outages {
  readonly majority: number;

  constructor(private readonly facts: Facts) {
    this.majority = Math.floor(facts.nodes / 2) + 1;
  }

  /** Replicas that lived through all of the span and were not kept from acting in it. */
  able(span: Span): readonly Life[] {
    return this.facts.lives.filter(
      (life) =>
        life.fromMs + SETTLING_MS <= span.fromMs &&
        life.toMs >= span.toMs &&
        !this.facts.incidents.some((one) => one.effect.replicas?.includes(life.replica) && meets(one, span)),
    );
  }

  /** Why nodes did not vote for this replica in the span, by node. */
  nodesAway(replica: string, span: Span): ReadonlyMap<number, string> {
    const away = new Map<number, string>();
    for (let node = 0; node < this.facts.nodes; node += 1) {
      const why = this.whyAway(replica, node, span);
      if (why !== undefined) away.set(node, why);
    }
    return away;
  }

  /** The first thing that hit this replica in the span: a stall, a cut, or its death. SIGTERM is no excuse. */
  whatHit(replica: string, span: Span): string | undefined {
    const incident = this.facts.incidents.find(
      (one) =>
        (one.effect.replicas?.includes(replica) && meets(one, span, WAKING_MS)) ||
        (one.effect.links?.some((link) => link.replica === replica) && meets(one, span, RECONNECT_MS)),
    );
    if (incident !== undefined) return incident.fault;
    const life = this.facts.lives.find((one) => one.replica === replica);
    const died = life !== undefined && !life.isGraceful && life.toMs >= span.fromMs && life.toMs <= span.toMs;
    return died ? 'died' : undefined;
  }

  hasWrongClock(replica: string, span: Span): boolean {
    return this.facts.incidents.some((one) => one.effect.clocks?.includes(replica) && meets(one, span));
  }

  /** Whether anybody who could act reaches a majority beside these nodes, and beside those that lost answers at such a moment. */
  hasQuorumWithout(nodes: readonly number[], span: Span): boolean {
    const hiccups = this.facts.incidents.flatMap((one) =>
      meets(one, span, RECONNECT_MS) ? (one.effect.hiccups ?? []) : [],
    );
    return this.able(span).some(({ replica }) => {
      const away = new Set([...this.nodesAway(replica, span).keys(), ...nodes, ...hiccups]);
      return this.facts.nodes - away.size >= this.majority;
    });
  }

  /** What has changed who answers at that node, so that it may be without a vote although it answers. */
  whyWithoutVote(node: number, span: Span): string | undefined {
    const own = this.facts.incidents.find(
      (one) =>
        (one.effect.forks?.includes(node) || (one.effect.forgets && one.effect.nodes?.includes(node))) &&
        one.struckMs <= span.toMs &&
        span.fromMs <= this.votesAgainMs(node, nameKnownMs(one)),
    );
    return (own ?? this.facts.incidents.find((one) => this.isGivenUpFor(one, node, span)))?.fault;
  }

  /** All nodes that may be without a vote although they answer, and why. */
  withoutVote(span: Span): ReadonlyMap<number, string> {
    const whys = new Map<number, string>();
    for (let node = 0; node < this.facts.nodes; node += 1) {
      const why = this.whyWithoutVote(node, span);
      if (why !== undefined) whys.set(node, why);
    }
    return whys;
  }

  private whyAway(replica: string, node: number, span: Span): string | undefined {
    for (const one of this.facts.incidents) {
      if (one.effect.links?.some((link) => link.replica === replica && link.node === node)) {
        if (meets(one, span, RECONNECT_MS)) return one.fault;
      }
      if (!one.effect.nodes?.includes(node)) continue;
      if (meets(one, span)) return one.fault;
      const why = this.whyUnnoted(one, node, span);
      if (why !== undefined) return why;
      if (meets(one, span, RECONNECT_MS)) return `not yet reached again after ${one.fault}`;
    }
    return undefined;
  }

  /** It grants nothing at first, and has no vote before the other nodes have noted what it is now. */
  private whyUnnoted(one: Incident, node: number, span: Span): string | undefined {
    if (one.effect.forgets !== true) return undefined;
    const replacedMs = one.effect.isReplaced === true || this.isContested(one) ? GIVE_UP_ID_MS : 0;
    if (meets(one, span, replacedMs + FIRST_CONTACT_MS + QUARANTINE_MS)) {
      return `quarantined after ${one.fault}`;
    }
    const fromMs = one.healedMs + replacedMs;
    const votesMs = this.votesAgainMs(node, fromMs);
    const isWaiting = one.healedMs <= span.toMs && votesMs >= span.fromMs;
    const isUnnoted = votesMs > fromMs + FIRST_CONTACT_MS + QUARANTINE_MS;
    return isUnnoted && isWaiting ? `not noted by all others after ${one.fault}` : undefined;
  }

  /** A file of long ago names an id of another node that has forgotten since: none of the two is noted while both stand. */
  private isContested({ effect, struckMs }: Incident): boolean {
    return (
      effect.nodes?.some((old) => this.othersThatForgot(old, struckMs).size > 0) === true &&
      effect.isOld === true
    );
  }

  /** Whether the node had to give up its id in that span or before, since another one came back that knows an older one of it. */
  private isGivenUpFor(one: Incident, node: number, span: Span): boolean {
    const { effect, struckMs, healedMs } = one;
    if (effect.isOld !== true || effect.nodes?.includes(node) !== false) return false;
    const isContested = effect.nodes.some((old) => this.othersThatForgot(old, struckMs).has(node));
    const givenUpMs = healedMs + GIVE_UP_ID_MS;
    return isContested && span.toMs >= givenUpMs && span.fromMs <= this.votesAgainMs(node, givenUpMs);
  }

  private othersThatForgot(node: number, beforeMs: number): ReadonlySet<number> {
    const forgot = this.facts.incidents.filter(
      ({ effect, struckMs }) => effect.forgets && struckMs < beforeMs,
    );
    return new Set(forgot.flatMap(({ effect }) => effect.nodes ?? []).filter((other) => other !== node));
  }

  /** When a node that has a new id from then on votes at the latest. */
  private votesAgainMs(node: number, fromMs: number): number {
    const notedMs = Math.min(this.noterBackMs(node, fromMs), fromMs + IDENTITY_WAIT_MS);
    return notedMs + FIRST_CONTACT_MS + QUARANTINE_MS;
  }

  /** When all other nodes are there at the same time, from then on. */
  private noterBackMs(node: number, fromMs: number): number {
    let backMs = fromMs;
    for (let before = Number.NEGATIVE_INFINITY; backMs > before; ) {
      before = backMs;
      for (const { effect, struckMs, healedMs } of this.facts.incidents) {
        const isNoter = effect.nodes?.some((other) => other !== node) === true;
        if (isNoter && struckMs <= backMs + FIRST_CONTACT_MS && healedMs + RECONNECT_MS > backMs)
          backMs = healedMs + RECONNECT_MS;
      }
    }
    return backMs;
  }
}

/**
 * When it is known who a node is. Whoever was led elsewhere tries again after pauses that have grown to at most the time that it lasted;
 * then an old id may have to be given up. A new one waits for the notes of the others.
 */
function nameKnownMs({ struckMs, healedMs }: Incident): number {
  const longestPauseMs = Math.min(healedMs - struckMs, IDENTITY_WAIT_MS);
  return healedMs + longestPauseMs + GIVE_UP_ID_MS;
}

/** Whether it lasted, with what follows it, into the span. */
function meets(incident: Incident, span: Span, aftermathMs = 0): boolean {
  return incident.struckMs <= span.toMs && incident.healedMs + aftermathMs >= span.fromMs;
}
