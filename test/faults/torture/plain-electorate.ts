/**
 * Terms for claims without any of the caution of the production electorate: no beat names an id, so that every new one is
 * noted at once, and a set is stamped wherever none is. What keeps ticks from doubling is what the nodes refuse, and that alone.
 */

import type { ElectorateView, SentBeat } from '#src/protocol/contract/electorate-view.js';
import { counterOf, isOutrankedBy, type LedgerId, type LedgerIds } from '#src/protocol/contract/ledger-id.js';
import type { NodeSet } from '#src/protocol/contract/node-set.js';
import type { ClaimTerms, VotingNode } from '#src/protocol/contract/ports.js';
import { giveVote } from '#src/protocol/electorate/give-vote.js';
import { type KnownNode, unknownNode } from '#src/protocol/electorate/known-node.js';

const APP = 'torture';

/** Two servers of one name, each with an instance, take turns: not faster than this. */
const TURN_MS = 400;

export class PlainElectorate implements ElectorateView {
  private readonly known: readonly KnownNode[];
  private readonly turnedAtMs = new Map<string, number>();
  private mending: Promise<void> | undefined;

  constructor(
    private readonly nodes: readonly VotingNode[],
    private readonly set: NodeSet,
    private readonly instanceId: string,
  ) {
    this.known = nodes.map(({ position, label }) => unknownNode(position, label));
  }

  /** Every node votes, as far as is known here. */
  get isUp(): boolean {
    return Object.keys(this.ids()).length === this.nodes.length;
  }

  namedIds(): LedgerIds {
    return this.ids();
  }

  terms(node: VotingNode, ids: LedgerIds): ClaimTerms {
    return { set: this.set, ids, deadlineMs: node.callDeadlineMs() };
  }

  renamed({ position: noter }: VotingNode, ids: LedgerIds): void {
    const node = this.known.find(({ position }) => position === noter);
    if (node?.identity === undefined) return;
    const { [noter]: own, ...noted } = ids;
    const { identity } = node;
    node.identity = { ...identity, id: own ?? identity.id, noted: { ...identity.noted, ...noted } };
  }

  /** One at a time: whoever comes meanwhile waits for that one. */
  mend(): Promise<void> {
    this.mending ??= this.mendOnce().finally(() => {
      this.mending = undefined;
    });
    return this.mending;
  }

  sendBeat(): SentBeat {
    const sign = { set: this.set, app: APP, standsSinceMs: undefined, yields: false, ids: {} };
    return { sign, sentMs: 0, sentWallMs: 0, wishes: 0 };
  }

  heard(): void {}

  private ids(): LedgerIds {
    const ids: Record<string, LedgerId> = {};
    for (const { position, identity } of this.known) {
      if (identity?.hasVote !== true || this.newerThan(position, identity.id) !== undefined) continue;
      ids[position] = identity.id;
    }
    return ids;
  }

  private async mendOnce(): Promise<void> {
    const { sign } = this.sendBeat();
    const replies = await Promise.all(this.nodes.map((node) => node.beat(this.instanceId, sign, [])));
    for (const [index, node] of this.known.entries()) {
      const reply = replies[index];
      if (reply?.answered === true) node.identity = reply.value.identity;
    }
    for (const [index, node] of this.known.entries()) {
      const own = this.nodes[index];
      if (own === undefined || replies[index]?.answered !== true) continue;
      await this.bringUp(node, own);
    }
  }

  private async bringUp(node: KnownNode, own: VotingNode): Promise<void> {
    const { identity, position } = node;
    if (identity === undefined) return;
    if (identity.stamp === undefined) {
      const stamp = { set: this.set, app: APP, sinceMs: identity.nowMs };
      await own.stamp({ stamp, expected: '', raiseFloor: false, deadlineMs: 0 });
    }
    const newer = this.newerThan(position, identity.id);
    if (newer !== undefined && !(await this.takeTurn(node, own, newer))) return;
    if (node.identity?.hasVote === true) return;
    await giveVote(
      {
        set: this.set,
        others: this.nodes.filter((other) => other !== own),
        known: this.known,
        identityWaitMs: Number.POSITIVE_INFINITY,
        tell: () => {},
        answeredNotes: () => {},
      },
      node,
      own,
    );
  }

  /** The way back to an older server is a new id too. */
  private async takeTurn(node: KnownNode, own: VotingNode, newer: LedgerId): Promise<boolean> {
    const { identity, position } = node;
    const nowMs = performance.now();
    if (identity === undefined || nowMs < (this.turnedAtMs.get(position) ?? 0) + TURN_MS) return false;
    this.turnedAtMs.set(position, nowMs);
    const reply = await own.renumber(identity.id, counterOf(newer) + 1);
    if (!reply.answered) return false;
    node.identity = { ...identity, id: reply.value, hasVote: false };
    return true;
  }

  /** An id that some node has noted in the place of this one. */
  private newerThan(position: string, id: LedgerId): LedgerId | undefined {
    return this.known
      .map(({ identity }) => identity?.noted[position])
      .find((noted) => isOutrankedBy(id, noted));
  }
}
