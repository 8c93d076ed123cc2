/** One node as the conformance suites see it, and what they do to it again and again. */

import { EARLY_MS } from '#src/protocol/contract/constants.js';
import type { LedgerId, LedgerIds } from '#src/protocol/contract/ledger-id.js';
import type { ConfirmAnswer, NodeIdentity, Note, NoteAnswer } from '#src/protocol/contract/node-identity.js';
import { type NodeSet, stampText } from '#src/protocol/contract/node-set.js';
import type { Claim, ClaimReply, ClaimTerms, NodeReply, VotingNode } from '#src/protocol/contract/ports.js';
import { setOf, signOf } from '../support/electorate.js';

/** A node that nobody has ever asked anything, with nothing in its memory. */
export interface NodeHandle {
  /** The node as an instance sees it that means it by this position. */
  connect(position: string): Promise<VotingNode>;
  /** The node's clock, whole epoch ms. */
  nowMs(): Promise<number>;
  /** The node forgets everything. */
  forget(): Promise<void>;
  /** Another process goes on with what this one knew. */
  restart(): Promise<void>;
  /** As if another version of the protocol had written what the node remembers. */
  writeVersion(version: string): Promise<void>;
}

export interface NodeStage {
  fresh(): Promise<NodeHandle>;
  close(): Promise<void>;
}

export const SET = setOf(['n1', 'n2', 'n3']);
const LATENESS_MS = 400;

export const claimOf = (task: string, tick: number, claimId = 'me:1'): Claim => ({
  task,
  tick,
  claimId,
  maxLatenessMs: LATENESS_MS,
});

export function answerOf<T>(reply: NodeReply<T>): T {
  if (!reply.answered) throw new Error(`the node gave no answer: ${reply.reason}`);
  return reply.value;
}

/** The node at position n1 of a set whose other nodes are made up. */
export class Subject {
  private constructor(
    readonly handle: NodeHandle,
    readonly node: VotingNode,
    readonly set: NodeSet,
  ) {}

  static async meet(handle: NodeHandle, set: NodeSet = SET, position = 'n1'): Promise<Subject> {
    return new Subject(handle, await handle.connect(position), set);
  }

  /** Stamped, and confirmed by every other node of its set. */
  static async voting(handle: NodeHandle, set: NodeSet = SET): Promise<Subject> {
    const subject = await Subject.meet(handle, set);
    await subject.stamp();
    await subject.confirmByAll();
    return subject;
  }

  async id(): Promise<LedgerId> {
    return answerOf(await this.node.renumber('', 0));
  }

  /** As a passer-by reads it that is no member afterwards. */
  async identity(set: NodeSet = this.set): Promise<NodeIdentity> {
    const { identity } = answerOf(await this.node.beat('passer-by', signOf(set), []));
    answerOf(await this.node.leave('passer-by'));
    return identity;
  }

  /** The ids that everybody knows: its own, and those of the made-up nodes. */
  async ids(given: LedgerIds = {}): Promise<LedgerIds> {
    const others = this.set.positions.filter((position) => position !== this.node.position);
    const known = Object.fromEntries(others.map((position) => [position, `1.${position}`]));
    return { ...known, [this.node.position]: await this.id(), ...given };
  }

  async terms(given: Partial<ClaimTerms> = {}): Promise<ClaimTerms> {
    return { set: this.set, ids: await this.ids(), deadlineMs: 0, ...given };
  }

  async ask(claim: Claim, given: Partial<ClaimTerms> = {}): Promise<ClaimReply> {
    return answerOf(await this.node.claim([claim], await this.terms(given)));
  }

  /** The kind of its vote. */
  async vote(claim: Claim, given: Partial<ClaimTerms> = {}): Promise<string | undefined> {
    return (await this.ask(claim, given)).votes[0]?.kind;
  }

  /** The note of a made-up node, taken now. */
  async noteBy(noter: string, given: Partial<Note> = {}): Promise<Note> {
    const ids = await this.ids();
    return {
      noter,
      noterId: ids[noter] ?? `1.${noter}`,
      timeMs: await this.handle.nowMs(),
      hasVote: true,
      ids,
      epoch: 0,
      ...given,
    };
  }

  async confirm(notes: readonly Note[], waitMs?: number, id?: LedgerId): Promise<ConfirmAnswer> {
    const request = { id: id ?? (await this.id()), notes, set: this.set, waitMs };
    return answerOf(await this.node.confirm(request));
  }

  async confirmByAll(): Promise<void> {
    const noters = this.set.positions.filter((position) => position !== this.node.position);
    const notes: Note[] = [];
    for (const noter of noters) notes.push(await this.noteBy(noter));
    const answer = await this.confirm(notes);
    if (answer.kind !== 'voting') throw new Error(`not confirmed: ${JSON.stringify(answer)}`);
  }

  async note(position: string, id: LedgerId, set: NodeSet = this.set): Promise<NoteAnswer> {
    return answerOf(await this.node.note({ position, id, set }));
  }

  async stamp(set: NodeSet = this.set, expected = '', raiseFloor = false, deadlineMs = 0): Promise<string> {
    const stamp = { set, app: 'test', sinceMs: 7 };
    return answerOf(await this.node.stamp({ stamp, expected, raiseFloor, deadlineMs }));
  }

  async stampSince(sinceMs: number): Promise<string> {
    const stamp = { set: this.set, app: 'test', sinceMs };
    return answerOf(await this.node.stamp({ stamp, expected: '', raiseFloor: false, deadlineMs: 0 }));
  }

  stampText(set: NodeSet = this.set): string {
    return stampText({ set, app: 'test', sinceMs: 7 });
  }

  /** Below it nothing is granted; 0 for a task that has been granted something above it. */
  async floor(): Promise<number> {
    return answerOf(await this.node.peek(['unheard of']))[0]?.floor ?? 0;
  }

  /** Waits until the node takes part again, and answers an instant that it would grant now. */
  async grantableTick(): Promise<number> {
    const floorMs = await this.floor();
    while ((await this.handle.nowMs()) + EARLY_MS / 2 <= floorMs) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    return Math.max(floorMs + 1, await this.handle.nowMs());
  }
}
