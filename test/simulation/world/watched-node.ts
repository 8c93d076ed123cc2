/** One node as one instance reaches it: over the network, with an eye on every vote. */

import type {
  Claim,
  ClaimReply,
  ClaimTerms,
  NodeReply,
  VotingNode,
} from '../../../libs/distributed-schedule/src/protocol/ports.js';
import { aroundNode } from '../../support/wrapped-node.js';
import { EPOCH_MS } from './machine.js';
import type { MessageKind } from './network.js';
import type { Resident } from './resident.js';
import type { Server } from './server.js';
import type { WorldParts } from './world-parts.js';

export interface NodeParts extends Pick<WorldParts, 'options' | 'network' | 'history'> {
  readonly claims: Pick<WorldParts['claims'], 'asked' | 'voted' | 'forgot'>;
}

export function connectNode(parts: NodeParts, server: Server, resident: Resident): VotingNode {
  const { machine, clusterClock, generation, reach } = resident;
  const voter = { instanceId: resident.id, generation };
  let nodeTimeMs = 0;
  const node = server.connect((readMs) => {
    nodeTimeMs = readMs;
  });
  const ask = async <T>(kind: MessageKind, act: () => Promise<NodeReply<T>>): Promise<NodeReply<T>> => {
    const sentMs = machine.monotonicMs();
    let readMs = 0;
    const work = (): Promise<NodeReply<T>> => {
      const answer = act();
      readMs = nodeTimeMs;
      return answer;
    };
    const { nodeTimeoutMs: timeoutMs } = parts.options;
    const reply = await parts.network.request({ machine, server, timeoutMs, kind, work });
    const receivedMs = machine.monotonicMs();
    if (reply.answered) clusterClock.observe({ node: server.index, sentMs, receivedMs, nodeTimeMs: readMs });
    return reply;
  };
  const vote = async (claims: readonly Claim[], terms: ClaimTerms): Promise<NodeReply<ClaimReply>> => {
    parts.claims.asked(voter, claims);
    const reply = await node.claim(claims, terms);
    if (!reply.answered) return reply;
    for (const [index, given] of reply.value.votes.entries()) {
      const claim = claims[index];
      if (claim === undefined) continue;
      parts.history.note(
        () => `${node.label} ${given.kind} ${claim.task}@${claim.tick - EPOCH_MS} to ${resident.id}`,
      );
      parts.claims.voted(server, voter, claim, given);
      if (given.kind === 'granted') server.springTraps();
    }
    return reply;
  };
  return {
    ...aroundNode(node, (act, call) => ask(call === 'beat' ? 'beat' : 'other', act)),
    claim: async (claims, terms) => {
      const reply = await ask('other', () => vote(claims, terms));
      if (reply.answered && reply.value.votes.some(({ kind }) => kind === 'granted')) reach('grant');
      return reply;
    },
    giveBack: (claims) =>
      ask('other', () => {
        for (const claim of claims) parts.claims.forgot(server, claim);
        return node.giveBack(claims);
      }),
  };
}
