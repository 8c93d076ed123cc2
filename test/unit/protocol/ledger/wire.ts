/** One node in memory behind a wire that loses answers, holds messages back, and breaks: as one instance's courier reaches it. */

import { MemoryNode, ONE_NODE } from '#src/memory/memory-node.js';
import { SINGLE_POSITION } from '#src/protocol/contract/node-set.js';
import type { Claim, ClaimTerms, NodeTick, VotingNode } from '#src/protocol/contract/ports.js';
import { ClaimCourier } from '#src/protocol/ledger/claim-courier.js';
import { ManualClock } from '#src/testing/manual-clock.js';
import { answerOf } from '../../../support/answer-of.js';
import { type Around, aroundNode, type NodeCall } from '../../../support/wrapped-node.js';

export const CALL_MS = 120;

/**
 * - `open`        messages and answers pass
 * - `no answers`  the node acts, and its answer is lost
 * - `held`        the message sits in a socket that was given up, or in a frozen server; see {@link Wire.deliver}
 * - `cut`         nothing is sent
 */
export type WireState = 'open' | 'no answers' | 'held' | 'cut';

export class Wire {
  state: WireState = 'open';
  readonly clock = new ManualClock();
  readonly calls: NodeCall[] = [];
  readonly courier: ClaimCourier;
  private readonly node: VotingNode;
  private readonly held: (() => Promise<unknown>)[] = [];

  constructor() {
    const server = MemoryNode.embedded(this.clock);
    this.node = server.connect({ label: 'node', callTimeoutMs: CALL_MS });
    const around: Around = async (ask, call) => {
      this.calls.push(call);
      if (this.state === 'held') this.held.push(ask);
      if (this.state === 'no answers') await ask();
      return this.state === 'open' ? ask() : { answered: false, reason: this.state };
    };
    this.courier = new ClaimCourier(aroundNode(this.node, around), {
      clock: this.clock,
      nodeTimeoutMs: CALL_MS,
    });
  }

  /** What was held arrives now, in its order. */
  async deliver(): Promise<void> {
    for (const ask of this.held.splice(0)) await ask();
  }

  async claim(claim: Claim): Promise<string> {
    const reply = await this.courier.claim([claim], await this.terms());
    return reply.answered ? (reply.value.votes[0]?.kind ?? 'nothing') : 'no answer';
  }

  /** What the node knows, asked past the wire. */
  async stands(task = 'a'): Promise<NodeTick> {
    const [tick] = answerOf(await this.node.peek([task]));
    return tick ?? { tick: 0 };
  }

  private async terms(): Promise<ClaimTerms> {
    const sign = { set: ONE_NODE, app: 'app', standsSinceMs: 0, yields: false, ids: {} };
    const { identity } = answerOf(await this.node.beat('one', sign, []));
    return { set: ONE_NODE, ids: { [SINGLE_POSITION]: identity.id }, deadlineMs: this.node.callDeadlineMs() };
  }
}

export function claimOf(wire: Wire, claimId = 'mine', task = 'a'): Claim {
  return { task, tick: wire.clock.wallMs(), claimId, maxLatenessMs: 60_000 };
}
