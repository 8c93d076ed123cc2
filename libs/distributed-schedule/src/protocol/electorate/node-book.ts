/** The nodes as our beats found them, and which may be counted. Own changes and refusals are entered at once. */

import { MEMBER_TTL_MS } from '../contract/constants.js';
import type { NodeProblemCode } from '../contract/electorate-view.js';
import type { LedgerId, LedgerIds } from '../contract/ledger-id.js';
import { isProvisional, type NodeSet, setText } from '../contract/node-set.js';
import type { ScheduleEvent } from '../contract/observer.js';
import type { BeatReply, NodeReply, VotingNode } from '../contract/ports.js';
import {
  agreeing,
  enterNoted,
  type IdStanding,
  type KnownNode,
  NotedIds,
  stampStandingOf,
  unknownNode,
} from './known-node.js';
import { NodeNews, newMemoryAt, OtherVersions } from './node-events.js';
import { WrongServers } from './wrong-servers.js';

export interface NodeBookParts {
  readonly nodes: readonly VotingNode[];
  readonly set: NodeSet;
  readonly tell: (event: ScheduleEvent) => void;
}

type Problems = Readonly<Record<string, NodeProblemCode>>;

export class NodeBook {
  readonly known: readonly KnownNode[];
  private readonly noted: NotedIds;
  private readonly wrong = new WrongServers();
  private readonly otherVersions: OtherVersions;
  private readonly contested = new Set<string>();
  private readonly news: NodeNews;
  /** Worked out when an answer changes what is known, not once per claim. */
  private agreeing: ReadonlySet<KnownNode> = new Set();
  /** What {@link problems} said last, and of which answers. */
  private shown: { readonly of: readonly KnownNode['identity'][]; readonly problems: Problems } | undefined;

  constructor(private readonly parts: NodeBookParts) {
    this.known = parts.nodes.map(({ position, label }) => unknownNode(position, label));
    this.noted = new NotedIds(parts.set);
    this.news = new NodeNews(parts.tell);
    this.otherVersions = new OtherVersions(this.tell);
  }

  /** What is told of nodes passes here. */
  readonly tell = (event: ScheduleEvent): void => this.news.tell(event);

  /** Answers whether a node has another id than before: everybody should soon stop to name the old one. */
  takeIn(replies: readonly NodeReply<BeatReply>[], nowMs: number): boolean {
    let isRenamed = false;
    for (const [index, node] of this.known.entries()) {
      const reply = replies[index];
      node.answersNow = reply?.answered === true;
      this.otherVersions.look(node, reply);
      if (reply?.answered !== true) continue;
      const { identity, members } = reply.value;
      const before = node.identity?.id;
      node.identity = identity;
      node.members = members.length;
      node.answeredAtMs = nowMs;
      if (before !== undefined && before !== identity.id) {
        isRenamed = true;
        this.tell(newMemoryAt(node, this.known.length === 1));
      }
    }
    this.news.look(this.known);
    this.noted.read(this.known);
    this.findAgreeing();
    for (const node of this.known) this.judge(node, nowMs);
    this.shown = undefined;
    return isRenamed;
  }

  /** A node has refused claims by these ids: they have replaced what this instance knew. */
  renamed(noterPosition: string, ids: LedgerIds): void {
    this.shown = undefined;
    for (const node of this.known) {
      const id = ids[node.position];
      if (id === undefined || node.identity === undefined) continue;
      // A new memory's vote shows with the next claim or beat. For the same memory the known vote stays.
      const { hasVote } = node.identity;
      if (node.position === noterPosition)
        node.identity = { ...node.identity, id, hasVote: hasVote || id !== node.identity.id };
      else enterNoted(this.known, noterPosition, node.position, id);
    }
    this.findAgreeing();
  }

  /** For beats: ids that answered the beat before and are relied on. Naming an id keeps others from replacing it. */
  idsInUse(): LedgerIds {
    return this.idsOf((node) => node.answersNow && ['votes', 'superseded'].includes(this.standingOf(node)));
  }

  /** A silent node counts as unchanged: an instance that shuts down beats no more, and still renews its last leases. */
  idsThatCount(): LedgerIds {
    return this.idsOf((node) => this.standingOf(node) === 'votes');
  }

  standingOf(node: KnownNode): IdStanding {
    const noted = this.noted.standingOf(node, this.known);
    // Claims name none but those that agree; whether an id is to be given up for good is another question, see `judge`.
    const counts = noted === 'votes' || noted === 'superseded';
    const standing = counts ? (this.agreeing.has(node) ? 'votes' : 'superseded') : noted;
    // Others rely on another server there: which of the two is the wrong one only a resolver knows.
    return standing === 'no_vote' && this.contested.has(node.position) ? 'wrong_server' : standing;
  }

  private troubleOf(node: KnownNode, standing: IdStanding): IdStanding {
    const isRefused = this.noted.standingOf(node, this.known) === 'superseded';
    return standing === 'votes' && isRefused ? 'superseded' : standing;
  }

  private findAgreeing(): void {
    this.agreeing = agreeing(
      this.known.filter((node) => this.noted.standingOf(node, this.known) !== 'wrong_server'),
    );
  }

  /** Since when a stamp of the set stands. A node that is silent for a moment still counts. */
  standsSinceMs(nowMs: number): number | undefined {
    const own = setText(this.parts.set);
    const since = this.known.flatMap((node) => {
      const stamp = node.identity?.stamp;
      const stands = stamp !== undefined && !isProvisional(stamp) && setText(stamp.set) === own;
      const isOwn = stands && nowMs - node.answeredAtMs <= MEMBER_TTL_MS;
      return isOwn ? [stamp.sinceMs] : [];
    });
    return since.length === 0 ? undefined : Math.min(...since);
  }

  /** Nodes whose ids want a vote, or to be given up for one that can get it, now. */
  wanting(nowMs: number): readonly KnownNode[] {
    return this.known.filter((node) => {
      if (node.identity === undefined || !node.answersNow) return false;
      if (stampStandingOf(node.identity, this.parts.set) === 'foreign') return false;
      if (this.wrong.isHeldUp(node.position, nowMs)) return false;
      return !node.identity.hasVote || this.wrong.isHopeless(node.position, nowMs);
    });
  }

  /** Whether a live instance uses another id of the position, and so keeps this one from being noted. */
  answeredNotes(position: string, isInUse: boolean, nowMs: number): void {
    if (isInUse) this.wrong.holdUp(position, nowMs);
    else this.wrong.goOn(position);
  }

  /** By label. The audit asks for each tick that it looks at: worked out when what is known of a node has changed. */
  problems(): Problems {
    const { known, shown } = this;
    if (shown !== undefined && known.every(({ identity }, index) => identity === shown.of[index]))
      return shown.problems;
    const problems = Object.fromEntries(
      known.flatMap((node) => {
        const problem = this.problemOf(node);
        return problem === undefined ? [] : [[node.label, problem]];
      }),
    );
    this.shown = { of: known.map(({ identity }) => identity), problems };
    return problems;
  }

  private problemOf(node: KnownNode): NodeProblemCode | undefined {
    if (this.otherVersions.isAt(node)) return 'DSCHED_PROTOCOL_VERSION';
    if (this.standingOf(node) === 'wrong_server') return 'DSCHED_WRONG_SERVER';
    const { identity } = node;
    const isForeign = identity !== undefined && stampStandingOf(identity, this.parts.set) === 'foreign';
    return isForeign ? 'DSCHED_NODE_SET_CONFLICT' : undefined;
  }

  private judge(node: KnownNode, nowMs: number): void {
    const { position, identity } = node;
    if (!node.answersNow || identity === undefined) return;
    if (this.wrong.isContested(position, nowMs)) this.contested.add(position);
    else this.contested.delete(position);
    const standing = this.standingOf(node);
    // By what any node has noted, so that all of them vote again in the end.
    const trouble = { id: identity.id, standing: this.troubleOf(node, standing) };
    if (this.wrong.see(position, trouble, nowMs) === 'reconnect') {
      this.parts.nodes.find((one) => one.position === position)?.reconnect?.();
    }
    this.news.judged(node, standing);
  }

  private idsOf(counts: (node: KnownNode) => boolean): LedgerIds {
    const ids: Record<string, LedgerId> = {};
    for (const node of this.known) {
      if (node.identity !== undefined && counts(node)) ids[node.position] = node.identity.id;
    }
    return ids;
  }
}
