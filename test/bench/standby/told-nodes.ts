/** Masters that answer what a cluster would: every tick is claimed by another instance as soon as it is due. */

import { hash32 } from '#src/protocol/contract/hash.js';
import { nodeSetOf, stampText } from '#src/protocol/contract/node-set.js';
import type { Clock, VotingNode } from '#src/protocol/contract/ports.js';
import { LINES_PER_DIGEST } from '#src/protocol/contract/standby-set.js';
import type { RedisNode } from '#src/redis/node/redis-node.js';
import { RedisVotingNode } from '#src/redis/node/redis-voting-node.js';
import type { ScriptReply } from '#src/redis/node/script-channel.js';
import { BEAT_SCRIPT, LEAVE_SCRIPT } from '#src/redis/scripts/membership-scripts.js';
import { redisKeys } from '#src/redis/scripts/redis-keys.js';
import type { RedisScript } from '#src/redis/scripts/redis-scripts.js';

const SECOND_MS = 1_000;
const LEASE_TTL_MS = 3_000;
const USED_FOR_MS = 60_000;
/** The character for the first owner, and the digits of a digest, see standby-words.ts. */
const FIRST_PLACE = 49;
const DIGITS = 32;
/** What stands before the tasks in the message of a beat. */
const WORDS_OF_A_BEAT = 5;

export const SET = nodeSetOf(['10.0.0.1:6379/0', '10.0.0.2:6379/0', '10.0.0.3:6379/0'], 1, LEASE_TTL_MS);

export interface ToldNodesParts {
  readonly clock: Clock;
  /** The instance that asks comes first. */
  readonly members: readonly string[];
  readonly onTime: (node: number, nodeTimeMs: number) => void;
}

/** The library's own nodes, from the words of a message to those of its answer; what is left out is the connection. */
export function toldNodes(parts: ToldNodesParts): readonly VotingNode[] {
  const { clock, onTime } = parts;
  const bornMs = clock.wallMs() - USED_FOR_MS;
  const ticks = new TakenTicks(parts.members);
  const sets = new TakenSets(ticks);
  return SET.positions.map((position, index) => {
    const call = async (
      script: RedisScript,
      keys: readonly string[],
      args: readonly string[],
    ): Promise<ScriptReply> => {
      const nodeTimeMs = clock.wallMs();
      onTime(index, nodeTimeMs);
      if (script === LEAVE_SCRIPT) return { answered: true, value: [], nodeTimeMs };
      if (script !== BEAT_SCRIPT) throw new Error(`a standby has no use for ${script.name}`);
      const identity = identityAt(position, nodeTimeMs, bornMs);
      const tasks = args.slice(WORDS_OF_A_BEAT);
      const inShort = sets.answer(args[WORDS_OF_A_BEAT - 1] ?? '', keys.at(-1) ?? '', tasks, nodeTimeMs);
      const value = [1, parts.members, ticks.of(tasks, nodeTimeMs), identity, [], inShort];
      return { answered: true, value, nodeTimeMs };
    };
    const node = {
      ...{ call, label: `node ${index + 1}`, presence: undefined },
      ...{ callDeadlineNodeMs: () => clock.wallMs() + SECOND_MS, onBack: () => undefined },
    };
    return new RedisVotingNode(node as unknown as RedisNode, redisKeys('bench'), position);
  });
}

/** The same text for all nodes is made once: what the masters compute is not the instance's. */
class TakenTicks {
  private tick = 0;
  private readonly texts = new Map<string, string>();

  constructor(private readonly members: readonly string[]) {}

  ownerOf(task: string): string {
    return this.members[1 + (hash32(task) % (this.members.length - 1))] ?? '';
  }

  of(tasks: readonly string[], nowMs: number): string {
    const tick = Math.floor(nowMs / SECOND_MS) * SECOND_MS;
    if (tick !== this.tick) this.texts.clear();
    this.tick = tick;
    return tasks.map((task) => this.texts.get(task) ?? this.make(task)).join('\n');
  }

  /** By the same instance each time, as long as nobody comes or goes. */
  private make(task: string): string {
    const claimId = `${this.ownerOf(task)}:3f0c5a7be1d94f28a6c07d1b52e8f934`;
    const text = `${this.tick} ${claimId} ${this.tick - SECOND_MS} 0`;
    this.texts.set(task, text);
    return text;
  }
}

/** The short answer about a set; the same for all nodes. */
class TakenSets {
  private readonly tasks = new Map<string, readonly string[]>();
  private readonly answers = new Map<string, string>();

  constructor(private readonly ticks: TakenTicks) {}

  answer(word: string, key: string, tasks: readonly string[], nowMs: number): string {
    const [kind, count] = word.split(' ');
    if (kind === 'keep') this.tasks.set(key, tasks.slice(0, Number(count)));
    if (kind !== 'ask') return '';
    const tick = Math.floor(nowMs / SECOND_MS) * SECOND_MS;
    const name = `${key} ${tick}`;
    const answer = this.answers.get(name) ?? this.make(key, tick);
    this.answers.clear();
    this.answers.set(name, answer);
    return answer;
  }

  private make(key: string, tick: number): string {
    const tasks = this.tasks.get(key) ?? [];
    const owners = [...new Set(tasks.map((task) => this.ticks.ownerOf(task)))];
    const places = tasks.map((task) =>
      String.fromCharCode(FIRST_PLACE + owners.indexOf(this.ticks.ownerOf(task))),
    );
    const digests = Array.from({ length: Math.ceil(tasks.length / LINES_PER_DIGEST) }, (_, index) =>
      hash32(`${tick} ${index}`).toString(16).padStart(DIGITS, '0'),
    );
    return [
      `${key.slice(-40)} ${tasks.length}`,
      owners.map((owner) => `${tick} ${owner}`).join(' '),
      places.join(''),
      digests.join(' '),
    ].join('\n');
  }
}

function identityAt(position: string, nowMs: number, bornMs: number): readonly unknown[] {
  const noted = SET.positions.flatMap((other) => (other === position ? [] : [other, idAt(other)]));
  const stamp = stampText({ set: SET, sinceMs: bornMs, app: 'bench' });
  return [idAt(position), 1, String(bornMs), stamp, noted, '0', String(Math.floor(nowMs)), '0'];
}

function idAt(position: string): string {
  return `1.${SET.positions.indexOf(position)}aa`;
}
