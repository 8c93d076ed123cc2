import type { LedgerIds } from '../../protocol/contract/ledger-id.js';
import type { Clock } from '../../protocol/contract/ports.js';
import { ANY_MEMORY, type LockAddressee } from '../../protocol/lease/lock-verdict.js';
import { UnconfirmedReleases } from '../../protocol/lease/unconfirmed-releases.js';
import type { RedisNode } from '../node/redis-node.js';
import type { ScriptReply } from '../node/script-channel.js';
import { wordsOfIds } from '../scripts/identity-words.js';
import { ACQUIRE_SCRIPT, EXTEND_SCRIPT } from '../scripts/lock-scripts.js';
import {
  type LockReply,
  type LockWords,
  parseLockReply,
  replyAt,
  wordsOfLock,
} from '../scripts/lock-words.js';
import type { RedisKeys } from '../scripts/redis-keys.js';
import type { RedisScript } from '../scripts/redis-scripts.js';
import { RELEASE_SCRIPT } from '../scripts/release-script.js';
import type { LockRound } from './lock-round.js';
import type { EngineClient } from './redlock-engine.js';

/** Requests under way, by the resource name that the engine knows them under. */
export type LockRounds = ReadonlyMap<string, LockRound>;

export interface LockBatcherSettings {
  readonly node: RedisNode;
  readonly rounds: LockRounds;
  readonly keys: RedisKeys;
  readonly instanceId: string;
  readonly clock: Clock;
  readonly position: string;
  /** The node is not the one that was meant, or knows newer ones: by these ids. */
  readonly onRenamed: (ids: LedgerIds) => void;
}

interface LockRequest extends LockWords {
  readonly key: string;
}

type Request = LockRequest & { readonly settle: (reply: LockReply) => void };

/** Requests of one turn that leave as one message: they run the same script, and mean the same memories. */
interface Queue {
  readonly script: RedisScript;
  readonly ids: LedgerIds | undefined;
  readonly requests: Request[];
}

const SCRIPTS: ReadonlyMap<string, RedisScript> = new Map(
  [ACQUIRE_SCRIPT, EXTEND_SCRIPT, RELEASE_SCRIPT].map((script) => [script.sha1, script]),
);

const NOT_COUNTED: ScriptReply = { answered: false, reason: 'its server has no vote' };

const IN_FAVOUR: ReadonlySet<LockReply['kind']> = new Set(['acquired', 'extended', 'released']);

/**
 * One node as the engine sees it. Messages of one turn with the same script and memories leave as one. The engine waits for
 * ever for anything but 1, 0 or an `Error` of this realm.
 */
export class LockBatcher implements EngineClient {
  private queues: readonly Queue[] = [];
  private readonly unconfirmed: UnconfirmedReleases<LockRequest, readonly unknown[]>;
  /** How long a lock that is released may have to live: the engine does not say it with a release. */
  private longestTtlMs = 0;

  constructor(private readonly settings: LockBatcherSettings) {
    const { clock } = settings;
    this.unconfirmed = new UnconfirmedReleases({ clock, send: (locks) => this.send(RELEASE_SCRIPT, locks) });
    settings.node.onReply(() => void this.unconfirmed.resend());
  }

  evalsha(sha1: string, _keyCount: number, keysAndArgs: readonly (string | number)[]): Promise<number> {
    const [resource, value, ttlMs] = keysAndArgs;
    const script = SCRIPTS.get(sha1);
    const round = this.settings.rounds.get(String(resource));
    if (script === undefined || round === undefined) {
      return Promise.reject(new Error('a message of the engine that nobody asked for'));
    }
    const engineValue = String(value);
    // The engine makes the value of an acquire and tells nobody before it has won.
    round.value ??= engineValue;
    return new Promise((resolve, reject) => {
      const settle = (reply: LockReply): void => {
        // The releases that the engine sends after a lost acquire say nothing about who holds the lock.
        if (script !== RELEASE_SCRIPT && reply.kind !== 'released' && reply.kind !== 'absent') {
          round.note(reply, this.settings.position);
        }
        if (reply.kind === 'silent') reject(new Error(reply.reason));
        else resolve(IN_FAVOUR.has(reply.kind) ? 1 : 0);
      };
      const { key, claims, ended, ids } = round.parts;
      const request = { key, value: engineValue, ttlMs: Number(ttlMs ?? 0), claims, ended, settle };
      // A release is welcome anywhere.
      this.enqueue(script, script === RELEASE_SCRIPT ? undefined : ids, request);
    });
  }

  /** The engine's answer to NOSCRIPT, which never reaches it: `RedisNode` loads scripts itself. */
  eval(): Promise<number> {
    return Promise.reject(new Error('scripts are loaded by the node'));
  }

  private enqueue(script: RedisScript, ids: LedgerIds | undefined, request: Request): void {
    const waiting = this.queues.find((queue) => queue.script === script && queue.ids === ids);
    if (waiting !== undefined) {
      waiting.requests.push(request);
      return;
    }
    const queue: Queue = { script, ids, requests: [request] };
    this.queues = [...this.queues, queue];
    // Not a microtask: handlers that end at the same moment each end in a microtask of their own.
    setImmediate(() => void this.flush(queue));
  }

  private async flush(queue: Queue): Promise<void> {
    const { script, ids, requests } = queue;
    this.queues = this.queues.filter((one) => one !== queue);
    this.longestTtlMs = Math.max(this.longestTtlMs, ...requests.map((request) => request.ttlMs));
    // Ahead of it on the same connection: a bid must not be refused because of our own old lock.
    if (script === ACQUIRE_SCRIPT) void this.unconfirmed.resend();
    const isRelease = script === RELEASE_SCRIPT;
    const asked = isRelease
      ? this.unconfirmed.release(requests, this.longestTtlMs)
      : this.ask(script, requests, ids);
    const { reply, refused } = parseLockReply(await asked);
    const words = requests.map((_, index) => replyAt(reply, index));
    // Before anybody is told: a caller that asks again at once has to ask by what the node knows.
    if (words.some(({ kind }) => kind === 'renamed')) this.settings.onRenamed(refused);
    for (const [index, request] of requests.entries()) {
      const word = words[index];
      if (word !== undefined) request.settle(word);
    }
  }

  private async ask(
    script: RedisScript,
    requests: readonly Request[],
    ids: LedgerIds | undefined,
  ): Promise<ScriptReply> {
    const { node, position } = this.settings;
    if (ids !== undefined && ids[position] === undefined) return NOT_COUNTED;
    const deadlineMs = node.callDeadlineNodeMs();
    const values = requests.map(({ value }) => value);
    const message = this.unconfirmed.sent(values, deadlineMs, this.longestTtlMs);
    const reply = await this.send(script, requests, ids && { position, ids }, deadlineMs);
    if (reply.answered) this.unconfirmed.answered(message);
    return reply;
  }

  private send(
    script: RedisScript,
    locks: readonly LockRequest[],
    meant: LockAddressee = ANY_MEMORY,
    deadlineMs = 0,
  ): Promise<ScriptReply> {
    const ids = wordsOfIds(meant.ids);
    const { node, keys, instanceId } = this.settings;
    const presencePrefix = node.presence === undefined ? '' : keys.presencePrefix;
    return node.call(
      script,
      [keys.ledger, ...locks.map(({ key }) => key)],
      [
        ...[presencePrefix, holderName(node, instanceId), String(deadlineMs)],
        ...[meant.position, String(ids.length / 2), ...ids],
        ...locks.flatMap((lock) => wordsOfLock(script, lock)),
      ],
    );
  }
}

/** A node that has yet to notice the end of our presence would free a lock under our name. One under no name lives on. */
function holderName({ presence }: RedisNode, instanceId: string): string {
  return presence?.isSubscribed === false ? '-' : instanceId;
}
