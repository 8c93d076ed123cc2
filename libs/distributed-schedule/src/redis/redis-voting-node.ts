import type { Claim, ClaimVote, NodeReply, NodeTick, VotingNode } from '../protocol/ports.js';
import { CLAIM_SCRIPT, GIVE_BACK_SCRIPT, PEEK_SCRIPT } from './ledger-scripts.js';
import { BEAT_SCRIPT, LEAVE_SCRIPT } from './membership-scripts.js';
import type { RedisKeys } from './redis-keys.js';
import type { RedisNode } from './redis-node.js';

/** Which set of nodes an instance is configured with, see the node set rule in redis-scripts.ts. */
export interface NodeSet {
  readonly generation: number;
  readonly fingerprint: string;
}

/** Translates between the protocol's questions and the scripts' words. */
export class RedisVotingNode implements VotingNode {
  readonly label: string;
  readonly #node: RedisNode;
  readonly #keys: RedisKeys;
  readonly #nodeSet: readonly [generation: string, fingerprint: string];

  constructor(node: RedisNode, keys: RedisKeys, nodeSet: NodeSet) {
    this.label = node.label;
    this.#node = node;
    this.#keys = keys;
    this.#nodeSet = [String(nodeSet.generation), nodeSet.fingerprint];
  }

  async claim(claims: readonly Claim[]): Promise<NodeReply<readonly ClaimVote[]>> {
    const args = claims.flatMap((one) => [
      one.task,
      String(one.tick),
      one.claimId,
      String(one.maxLatenessMs),
    ]);
    const reply = await this.#node.call(CLAIM_SCRIPT, [this.#keys.ledger], [...this.#nodeSet, ...args]);
    return read(reply, (words) => all(words, claims.length, parseVote));
  }

  async giveBack(claims: readonly Claim[]): Promise<NodeReply<void>> {
    const args = claims.flatMap((one) => [one.task, String(one.tick), one.claimId]);
    return done(await this.#node.call(GIVE_BACK_SCRIPT, [this.#keys.ledger], args));
  }

  async peek(tasks: readonly string[]): Promise<NodeReply<readonly NodeTick[]>> {
    const reply = await this.#node.call(PEEK_SCRIPT, [this.#keys.ledger], tasks);
    return read(reply, (texts) => all(texts, tasks.length, parseTick));
  }

  async beat(
    instanceId: string,
    tasks: readonly string[],
  ): Promise<NodeReply<{ readonly members: readonly string[]; readonly ticks: readonly NodeTick[] }>> {
    const { presence } = this.#node;
    const asked = presence?.isSubscribed === true ? presence.subscriptions : undefined;
    const channelPrefix = presence === undefined ? '' : this.#keys.presencePrefix;
    const reply = await this.#node.call(
      BEAT_SCRIPT,
      [this.#keys.ledger, this.#keys.members],
      [channelPrefix, instanceId, ...tasks],
    );
    return read(reply, ([isSeen, memberCount, ...rest]) => {
      if (isSeen === 0 && asked !== undefined && asked === presence?.subscriptions) {
        presence.renew();
      }
      const members = rest.slice(0, Number(memberCount)).map(String);
      const ticks = all(rest.slice(members.length), tasks.length, parseTick);
      return ticks === undefined ? undefined : { members, ticks };
    });
  }

  async leave(instanceId: string): Promise<NodeReply<void>> {
    return done(await this.#node.call(LEAVE_SCRIPT, [this.#keys.ledger, this.#keys.members], [instanceId]));
  }
}

/** A reply that cannot be understood is no vote. */
function read<T>(
  reply: NodeReply<readonly unknown[]>,
  parse: (answer: readonly unknown[]) => T | undefined,
): NodeReply<T> {
  if (!reply.answered) {
    return reply;
  }
  const value = parse(reply.value);
  return value === undefined ? { answered: false, reason: 'malformed reply' } : { answered: true, value };
}

function done(reply: NodeReply<readonly unknown[]>): NodeReply<void> {
  return reply.answered ? { answered: true, value: undefined } : reply;
}

function all<T>(
  texts: readonly unknown[],
  count: number,
  parse: (text: string) => T | undefined,
): readonly T[] | undefined {
  const values: T[] = [];
  for (const text of texts) {
    const value = parse(String(text));
    if (value === undefined) {
      return undefined;
    }
    values.push(value);
  }
  return values.length === count ? values : undefined;
}

function parseVote(word: string): ClaimVote | undefined {
  const [kind, claimId] = word.split(' ');
  switch (kind) {
    case 'granted':
    case 'quarantined':
    case 'early':
    case 'late':
    case 'outdated':
    case 'conflict':
      return { kind };
    case 'taken':
      return claimId === undefined ? { kind } : { kind, claimId };
    default:
      return undefined;
  }
}

function parseTick(text: string): NodeTick | undefined {
  const [tickText, claimId, , floorText] = text.split(' ');
  const [tick, floor] = [Number(tickText), Number(floorText)];
  if (!Number.isSafeInteger(tick) || !Number.isSafeInteger(floor)) {
    return undefined;
  }
  return { tick, ...(claimId !== '-' && { claimId }), ...(floor > tick && { floor }) };
}
