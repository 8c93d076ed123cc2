/**
 * The nodes of this instance as its beats have found them: which memory answers at each position, and which of them may be
 * counted. What this instance changes at a node, or is told by a refusal, is entered at once.
 */

import { MEMBER_TTL_MS, PROTOCOL_VERSION } from '../contract/constants.js';
import type { NodeProblemCode } from '../contract/electorate-view.js';
import type { LedgerId, LedgerIds } from '../contract/ledger-id.js';
import { isProvisional, type NodeSet, setText } from '../contract/node-set.js';
import type { ScheduleEvent } from '../contract/observer.js';
import type { BeatReply, NodeReply, VotingNode } from '../contract/ports.js';
import {
  agreeing,
  type IdStanding,
  type KnownNode,
  NotedIds,
  stampStandingOf,
  unknownNode,
} from './known-node.js';
import { NewMemories } from './new-memories.js';
import { WrongServers } from './wrong-servers.js';

/** How a node's refusal begins that has met another version's records. */

export interface NodeBookParts {
  readonly nodes: readonly VotingNode[];
  readonly set: NodeSet;
  readonly tell: (event: ScheduleEvent) => void;
}

export class NodeBook {
  readonly known: readonly KnownNode[];
  private readonly noted: NotedIds;
  private readonly wrong = new WrongServers();
  private readonly otherVersions = new Set<string>();
  private readonly contested = new Set<string>();
  private readonly told = new Map<string, IdStanding>();
  private readonly newMemories: NewMemories;
  /** Worked out when an answer changes what is known, not once per claim. */
  private agreeing: ReadonlySet<KnownNode> = new Set();

  constructor(private readonly parts: NodeBookParts) {
    this.known = parts.nodes.map(({ position, label }) => unknownNode(position, label));
    this.noted = new NotedIds(parts.set);
    this.newMemories = new NewMemories(parts.tell);
  }

  /** What is told of nodes passes here. */
  readonly tell = (event: ScheduleEvent): void => this.newMemories.tell(event);

  /** Answers whether a node has another id than before: everybody should soon stop to name the old one. */
  takeIn(replies: readonly NodeReply<BeatReply>[], nowMs: number): boolean {
    let isRenamed = false;
    for (const [index, node] of this.known.entries()) {
      const reply = replies[index];
      node.answersNow = reply?.answered === true;
      this.judgeVersion(node, reply);
      if (reply?.answered !== true) continue;
      const { identity, members } = reply.value;
      const before = node.identity?.id;
      node.identity = identity;
      node.members = members.length;
      node.answeredAtMs = nowMs;
      if (before !== undefined && before !== identity.id) {
        isRenamed = true;
        this.tellNew(node);
      }
    }
    this.newMemories.look(this.known);
    this.noted.read(this.known);
    this.findAgreeing();
    for (const node of this.known) this.judge(node, nowMs);
    return isRenamed;
  }

  /** A node has refused claims by these ids: they have replaced what this instance knew. */
  renamed(noterPosition: string, ids: LedgerIds): void {
    for (const node of this.known) {
      const id = ids[node.position];
      if (id === undefined || node.identity === undefined) continue;
      // Whether another memory votes the next claim finds out, and the next beat for certain. Of the same one that is known.
      const { hasVote } = node.identity;
      if (node.position === noterPosition)
        node.identity = { ...node.identity, id, hasVote: hasVote || id !== node.identity.id };
      else this.enterNoted(noterPosition, node.position, id);
    }
    this.findAgreeing();
  }

  /** For beats: what answered the beat before, and is relied on. Whoever names an id keeps others from replacing it. */
  idsInUse(): LedgerIds {
    return this.idsOf((node) => node.answersNow && ['votes', 'superseded'].includes(this.standingOf(node)));
  }

  /**
   * For claims and locks. A silent node is known to be the same until told, by a beat or by a refusal: an instance that shuts down beats no
   * more, and renews the leases of its last runs by what it knew.
   */
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

  isRecent({ answeredAtMs }: KnownNode, nowMs: number): boolean {
    return nowMs - answeredAtMs <= MEMBER_TTL_MS;
  }

  /** Since when a stamp of the set stands. A node that is silent for a moment still counts. */
  standsSinceMs(nowMs: number): number | undefined {
    const own = setText(this.parts.set);
    const since = this.known.flatMap((node) => {
      const stamp = node.identity?.stamp;
      const stands = stamp !== undefined && !isProvisional(stamp) && setText(stamp.set) === own;
      const isOwn = stands && this.isRecent(node, nowMs);
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

  problemOf(node: KnownNode): NodeProblemCode | undefined {
    if (this.otherVersions.has(node.position)) return 'DSCHED_PROTOCOL_VERSION';
    if (this.standingOf(node) === 'wrong_server') return 'DSCHED_WRONG_SERVER';
    const { identity } = node;
    const isForeign = identity !== undefined && stampStandingOf(identity, this.parts.set) === 'foreign';
    return isForeign ? 'DSCHED_NODE_SET_CONFLICT' : undefined;
  }

  private judgeVersion({ position, label }: KnownNode, reply: NodeReply<BeatReply> | undefined): void {
    if (reply === undefined || reply.answered || reply.otherVersion === undefined) {
      // Silence says nothing about what has been written there.
      if (reply?.answered === true) this.otherVersions.delete(position);
      return;
    }
    if (this.otherVersions.has(position)) return;
    this.otherVersions.add(position);
    this.tell({
      type: 'identity',
      node: label,
      condition: 'other_version',
      detail: `it carries the records of version ${reply.otherVersion} of the protocol, and this instance speaks version ${PROTOCOL_VERSION}`,
    });
  }

  private judge(node: KnownNode, nowMs: number): void {
    const { position, label } = node;
    if (!node.answersNow) return;
    if (this.wrong.isContested(position, nowMs)) this.contested.add(position);
    else this.contested.delete(position);
    const standing = this.standingOf(node);
    // By what any node has noted, so that all of them vote again in the end.
    if (this.wrong.see(position, this.troubleOf(node, standing), nowMs) === 'reconnect') {
      this.parts.nodes.find((one) => one.position === position)?.reconnect?.();
    }
    const before = this.told.get(position);
    this.told.set(position, standing);
    if (standing === before) return;
    if (standing === 'wrong_server') {
      this.tell({
        type: 'identity',
        node: label,
        condition: 'wrong_server',
        detail:
          'other instances are connected to another server at its address than this one; it gives this instance no vote, and ' +
          'this instance connects anew',
      });
    } else if (before === 'wrong_server' && standing === 'votes') {
      this.tell({
        type: 'identity',
        node: label,
        condition: 'votes',
        detail: 'it is the same for everybody',
      });
    }
  }

  private tellNew({ label, identity }: KnownNode): void {
    const isAlone = this.parts.nodes.length === 1;
    const yet = isAlone ? 'and has no vote yet' : 'and the other nodes have to note it before it votes';
    const what = identity?.hasVote === true ? 'and votes' : yet;
    const detail = `another server, or another memory of it, answers, ${what}`;
    this.tell({ type: 'identity', node: label, condition: 'new', detail });
  }

  private enterNoted(noterPosition: string, position: string, id: LedgerId): void {
    const noter = this.known.find((one) => one.position === noterPosition);
    if (noter?.identity === undefined) return;
    noter.identity = { ...noter.identity, noted: { ...noter.identity.noted, [position]: id } };
  }

  private idsOf(counts: (node: KnownNode) => boolean): LedgerIds {
    const ids: Record<string, LedgerId> = {};
    for (const node of this.known) {
      if (node.identity !== undefined && counts(node)) ids[node.position] = node.identity.id;
    }
    return ids;
  }
}
