/** One node as one instance reaches it: over the network, with an eye on every vote. */

import type {
  Claim,
  ClaimVote,
  NodeReply,
  VotingNode,
} from '../../../libs/distributed-schedule/src/protocol/ports.js';
import { EPOCH_MS } from './machine.js';
import type { Connection } from './names.js';
import type { MessageKind } from './network.js';
import type { Resident } from './resident.js';
import type { Server } from './server.js';
import type { WorldParts } from './world-parts.js';

export interface NodeParts extends Pick<WorldParts, 'options' | 'network' | 'history'> {
  readonly claims: Pick<WorldParts['claims'], 'asked' | 'voted' | 'forgot'>;
}

/** @param connection whose server is asked: every message goes to the one that it is connected to when it leaves */
export function connectNode(parts: NodeParts, connection: Connection, resident: Resident): VotingNode {
  const { machine, clusterClock, generation, reach, connections } = resident;
  const voter = { instanceId: resident.id, generation, nodes: connections.length };
  let nodeTimeMs = 0;
  const nodes = new Map<Server, VotingNode>();
  const nodeOf = (server: Server): VotingNode => {
    const known = nodes.get(server);
    if (known !== undefined) return known;
    const node = server.connect({ generation, fingerprint: `set ${generation}` }, (readMs) => {
      nodeTimeMs = readMs;
    });
    nodes.set(server, node);
    return node;
  };
  const ask = async <T>(
    kind: MessageKind,
    act: (node: VotingNode, server: Server) => Promise<NodeReply<T>>,
  ): Promise<NodeReply<T>> => {
    const { server } = connection;
    const sentMs = machine.monotonicMs();
    let readMs = 0;
    const work = (): Promise<NodeReply<T>> => {
      const answer = act(nodeOf(server), server);
      readMs = nodeTimeMs;
      return answer;
    };
    const { nodeTimeoutMs: timeoutMs } = parts.options;
    const reply = await parts.network.request({ machine, server, timeoutMs, kind, work });
    const receivedMs = machine.monotonicMs();
    const slot = connections.indexOf(connection);
    if (reply.answered) clusterClock.observe({ node: slot, sentMs, receivedMs, nodeTimeMs: readMs });
    return reply;
  };
  const vote = async (
    claims: readonly Claim[],
    node: VotingNode,
    server: Server,
  ): Promise<NodeReply<readonly ClaimVote[]>> => {
    parts.claims.asked(voter, claims);
    const reply = await node.claim(claims);
    if (!reply.answered) return reply;
    for (const [index, given] of reply.value.entries()) {
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
    label: connection.server.label,
    claim: async (claims) => {
      const reply = await ask('other', (node, server) => vote(claims, node, server));
      if (reply.answered && reply.value.some(({ kind }) => kind === 'granted')) reach('grant');
      return reply;
    },
    giveBack: (claims) =>
      ask('other', (node, server) => {
        for (const claim of claims) parts.claims.forgot(server, claim);
        return node.giveBack(claims);
      }),
    peek: (tasks) => ask('other', (node) => node.peek(tasks)),
    beat: (instanceId, tasks) => ask('beat', (node) => node.beat(instanceId, tasks)),
    leave: (instanceId) => ask('other', (node) => node.leave(instanceId)),
  };
}
