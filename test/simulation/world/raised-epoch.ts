import type { EpochAnswer } from '#src/protocol/contract/node-identity.js';
import type { NodeReply, VotingNode } from '#src/protocol/contract/ports.js';
import type { Server } from './server.js';
import type { WorldParts } from './world-parts.js';

export type EpochWatchers = Pick<WorldParts, 'history'> & {
  readonly claims: Pick<WorldParts['claims'], 'raised'>;
  readonly giveUps: Pick<WorldParts['giveUps'], 'lost'>;
};

/** A person raises the epoch of one server. */
export async function raiseEpochOf(parts: WorldParts, server: Server, epoch: number): Promise<void> {
  await watchedRaise(parts, server, server.connect('by hand'), epoch);
  parts.audit.disturbed();
}

/** To the server it is a loss of memory. */
export async function watchedRaise(
  { history, claims, giveUps }: EpochWatchers,
  server: Server,
  node: VotingNode,
  epoch: number,
): Promise<NodeReply<EpochAnswer>> {
  const reply = await node.raiseEpoch(epoch);
  if (!reply.answered || !reply.value.isRaised) return reply;
  history.count('epoch raised');
  history.note(() => `${server.label} begins epoch ${epoch}`);
  claims.raised(server);
  giveUps.lost(server);
  return reply;
}
