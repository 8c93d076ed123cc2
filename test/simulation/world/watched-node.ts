/** One node as one instance reaches it: over the network, with an eye on every vote. */

import { digestOf } from '#src/memory/memory-standby-sets.js';
import type { Claim, ClaimReply, ClaimTerms, NodeReply, VotingNode } from '#src/protocol/contract/ports.js';
import { NodeTime } from '#src/redis/node/node-time.js';
import type { NodeCall } from '../../support/wrapped-node.js';
import { EPOCH_MS } from './machine.js';
import type { Connection } from './names.js';
import { watchedRaise } from './raised-epoch.js';
import type { Resident } from './resident.js';
import type { Server } from './server.js';
import type { WorldParts } from './world-parts.js';

export interface NodeParts extends Pick<WorldParts, 'options' | 'network' | 'history'> {
  readonly claims: Pick<WorldParts['claims'], 'asked' | 'voted' | 'forgot' | 'stamped' | 'raised'>;
  readonly progress: Pick<WorldParts['progress'], 'refusedForIds'>;
  readonly giveUps: Pick<WorldParts['giveUps'], 'grants' | 'forgot' | 'lost'>;
  /** What an instance does that gives up a connection by itself. */
  readonly reconnect: (resident: Resident, server: Server) => void;
  /** What an instance does with any answer. */
  readonly onReply: (server: Server) => void;
}

/** @param connection whose server is asked: every message goes to the one that it is connected to when it leaves */
export function connectNode(parts: NodeParts, connection: Connection, resident: Resident): VotingNode {
  const watched = new WatchedNode(parts, connection, resident);
  return {
    label: watched.current.label,
    position: watched.current.position,
    claim: (claims, terms) => watched.claim(claims, terms),
    giveBack: (claims) =>
      watched.ask('giveBack', (node, server) => {
        for (const claim of claims) {
          parts.claims.forgot(server, claim);
          parts.giveUps.forgot(server, claim);
        }
        return node.giveBack(claims);
      }),
    peek: (tasks) => watched.ask('peek', (node) => node.peek(tasks)),
    beat: (instanceId, sign, tasks, question) =>
      watched.ask('beat', (node) => node.beat(instanceId, sign, tasks, question)),
    digestOf,
    leave: (instanceId) => watched.ask('leave', (node) => node.leave(instanceId)),
    inquire: (request) => watched.ask('inquire', (node) => node.inquire(request)),
    prune: (request) => watched.ask('prune', (node) => node.prune(request)),
    note: (request) => watched.ask('note', (node) => node.note(request)),
    renumber: (id, counter) => watched.ask('renumber', (node) => node.renumber(id, counter)),
    raiseEpoch: (epoch) =>
      watched.ask('raiseEpoch', (node, server) => watchedRaise(parts, server, node, epoch)),
    confirm: (request) =>
      watched.ask('confirm', async (node, server) => {
        const before = server.vote;
        const reply = await node.confirm(request);
        if (server.vote !== before) server.desk.voteGiven();
        return reply;
      }),
    stamp: (request) => {
      resident.reach('stamp');
      return watched.ask('stamp', async (node, server) => {
        const reply = await node.stamp(request);
        if (reply.answered && reply.value === 'stamped') parts.claims.stamped(server, request.stamp.set);
        return reply;
      });
    },
    callDeadlineMs: () => watched.callDeadlineMs(),
    onBack: (listener) => {
      connection.onBack = listener;
    },
    reconnect: () => parts.reconnect(resident, connection.server),
  };
}

interface CopyTerms {
  /** The sender had heard an answer to this message before this copy of it came. */
  readonly isAnswered: boolean;
  /** By the server's clock; undefined where the sender did not know it yet. */
  readonly latestMs: number | undefined;
}

/** What an instance knows of a server's clock is as good as a round trip, which is no longer than a call. */
const CLOCK_ERROR_MS = 5;

/** After that no copy of a message that left then is granted. @param sentMs by the server's clock */
export function latestOf(sentMs: number, { options }: Pick<NodeParts, 'options'>): number {
  return sentMs + 2 * options.nodeTimeoutMs + CLOCK_ERROR_MS;
}

/** What a server says of claims, seen by the witnesses. */
export async function votesFor(
  {
    claims: witness,
    history,
    progress,
    giveUps,
  }: Pick<NodeParts, 'claims' | 'history' | 'progress' | 'giveUps'>,
  { id: instanceId }: Pick<Resident, 'id'>,
  server: Server,
  { claims, terms }: { readonly claims: readonly Claim[]; readonly terms: ClaimTerms },
  decide: () => Promise<NodeReply<ClaimReply>>,
  { isAnswered, latestMs }: CopyTerms,
): Promise<NodeReply<ClaimReply>> {
  const voter = { instanceId, set: terms.set, ids: terms.ids };
  witness.asked(voter, claims);
  const reply = await decide();
  if (!reply.answered) return reply;
  for (const [index, given] of reply.value.votes.entries()) {
    const claim = claims[index];
    if (claim === undefined) continue;
    history.note(
      () => `${server.label} ${given.kind} ${claim.task}@${claim.tick - EPOCH_MS} to ${instanceId}`,
    );
    witness.voted(server, voter, claim, given);
    if (given.kind === 'renamed' || given.kind === 'unconfirmed') progress.refusedForIds(server, instanceId);
    if (given.kind === 'granted' && !isAnswered) giveUps.grants(server, claim, latestMs);
    if (given.kind === 'granted') server.springTraps();
  }
  return reply;
}

type Act<T> = (node: VotingNode, server: Server) => Promise<NodeReply<T>>;

class WatchedNode {
  private readonly nodes = new Map<Server, VotingNode>();
  private readonly time = new NodeTime();
  private readonly slot: number;
  /** The server that has answered last: another one has another clock. */
  private heard: Server | undefined;

  constructor(
    private readonly parts: NodeParts,
    private readonly connection: Connection,
    private readonly resident: Resident,
  ) {
    this.slot = resident.connections.indexOf(connection);
  }

  get current(): VotingNode {
    return this.nodeOf(this.connection.server);
  }

  async ask<T>(call: NodeCall, act: Act<T>): Promise<NodeReply<T>> {
    const { machine, clusterClock } = this.resident;
    const { network, options } = this.parts;
    const { server } = this.connection;
    const sentMs = machine.monotonicMs();
    const reply = await network.request({
      machine,
      server,
      timeoutMs: options.nodeTimeoutMs,
      call,
      work: () => act(this.nodeOf(server), server),
    });
    if (!reply.answered) return reply;
    const sample = { sentMs, receivedMs: machine.monotonicMs(), nodeTimeMs: reply.nodeTimeMs };
    this.time.add(sample);
    this.heard = server;
    clusterClock.observe({ node: this.slot, ...sample });
    this.parts.onReply(server);
    return reply;
  }

  async claim(claims: readonly Claim[], terms: ClaimTerms): Promise<NodeReply<ClaimReply>> {
    this.resident.reach('claim');
    const sentMs = this.connection.server.wallMs();
    const isClockKnown = this.callDeadlineMs() > 0 && this.heard === this.connection.server;
    let isAnswered = false;
    const reply = await this.ask('claim', (node, server) =>
      votesFor(this.parts, this.resident, server, { claims, terms }, () => node.claim(claims, terms), {
        // A connection delivers once: that a copy comes once more, when its answer was heard, is beyond what is promised.
        isAnswered,
        latestMs: isClockKnown ? latestOf(sentMs, this.parts) : undefined,
      }),
    );
    isAnswered = reply.answered;
    if (reply.answered && reply.value.votes.some(({ kind }) => kind === 'granted'))
      this.resident.reach('grant');
    return reply;
  }

  /** As redis-node.ts has it: by what earlier answers have shown of the node's clock. */
  callDeadlineMs(): number {
    const { machine } = this.resident;
    return Math.ceil(this.time.latestMs(machine.monotonicMs() + this.parts.options.nodeTimeoutMs) ?? 0);
  }

  private nodeOf(server: Server): VotingNode {
    const known = this.nodes.get(server);
    if (known !== undefined) return known;
    const node = server.connect(this.connection.name);
    this.nodes.set(server, node);
    return node;
  }
}
