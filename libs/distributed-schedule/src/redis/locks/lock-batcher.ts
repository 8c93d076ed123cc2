import type { LedgerIds } from '../../protocol/contract/ledger-id.js';
import { setText } from '../../protocol/contract/node-set.js';
import type { CarriedClaims, Clock } from '../../protocol/contract/ports.js';
import { ANY_MEMORY, type LockAddressee } from '../../protocol/lease/lock-verdict.js';
import { UnconfirmedReleases } from '../../protocol/lease/unconfirmed-releases.js';
import type { RedisNode } from '../node/redis-node.js';
import type { ScriptReply } from '../node/script-channel.js';
import { BID_SCRIPT } from '../scripts/bid-script.js';
import { wordsOfIds } from '../scripts/identity-words.js';
import { ACQUIRE_SCRIPT, EXTEND_SCRIPT } from '../scripts/lock-scripts.js';
import { claimReplyIn, type LockWords, parseLockReply, replyAt, wordsOfLock } from '../scripts/lock-words.js';
import type { RedisKeys } from '../scripts/redis-keys.js';
import type { RedisScript } from '../scripts/redis-scripts.js';
import { RELEASE_SCRIPT } from '../scripts/release-script.js';
import { holderName } from './holder-name.js';
import type { LockGroup } from './lock-group.js';
import type { LockRound } from './lock-round.js';
import type { EngineClient } from './redlock-engine.js';

/** Groups under way, by the resource name that the engine knows them under. */
export type LockGroups = ReadonlyMap<string, LockGroup>;

export interface LockBatcherSettings {
  readonly node: RedisNode;
  /** Of the node, among those that the engine asks. */
  readonly index: number;
  readonly groups: LockGroups;
  readonly keys: RedisKeys;
  readonly instanceId: string;
  readonly clock: Clock;
  readonly position: string;
  /** The node is not the one that was meant, or knows newer ones: by these ids. */
  readonly onRenamed: (ids: LedgerIds) => void;
}

type LockRequest = LockWords & { readonly key: string };

/** Groups of one turn that leave as one message: they run the same script, mean the same memories and carry the same claims. */
interface Queue {
  readonly script: RedisScript;
  readonly ids: LedgerIds | undefined;
  readonly carried: CarriedClaims | undefined;
  readonly rounds: LockRound[];
  readonly noted: Promise<void>;
}

const SCRIPTS: ReadonlyMap<string, RedisScript> = new Map(
  [ACQUIRE_SCRIPT, EXTEND_SCRIPT, RELEASE_SCRIPT].map((script) => [script.sha1, script]),
);

const NOT_COUNTED: ScriptReply = { answered: false, reason: 'its server has no vote' };

const CLOCK_UNKNOWN: ScriptReply = { answered: false, reason: 'its clock is not known' };
/** As where this process has too little processor: what left now would be granted to nobody. */
const TOO_LATE: ScriptReply = { answered: false, reason: 'given up before its message could leave' };

/** One for all: an error with a stack for each would cost more than what it says. */
const REFUSED = new Error('refused');

/**
 * One node as the engine sees it. Groups of one turn with the same script and memories leave as one message. The engine waits
 * for ever for anything but 1, 0 or an `Error` of this realm.
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

  async evalsha(
    sha1: string,
    _keyCount: number,
    [resource, value]: readonly (string | number)[],
  ): Promise<number> {
    const { groups, index } = this.settings;
    const script = SCRIPTS.get(sha1);
    const group = groups.get(String(resource));
    if (script === undefined || group === undefined)
      throw new Error('a message of the engine that nobody asked for');
    if (script === RELEASE_SCRIPT) return this.release(group);
    // The engine makes the value of an acquire and tells nobody before it has won.
    group.nameBy(String(value));
    let noted = group.asked.get(index);
    if (noted === undefined) {
      noted = this.enqueue(script, group);
      group.asked.set(index, noted);
    }
    await noted;
    if (group.isGrantedBy(index)) return 1;
    throw REFUSED;
  }

  /** The engine's answer to NOSCRIPT, which never reaches it: `RedisNode` loads scripts itself. */
  eval(): Promise<number> {
    return Promise.reject(new Error('scripts are loaded by the node'));
  }

  /** Ahead of every acquire that is asked for later: a bid must not be refused because of our own old lock. */
  private async release({ rounds, isLeaving }: LockGroup): Promise<number> {
    // Of a lost bid: behind its acquire, which has yet to leave if two other nodes have refused at once.
    if (!isLeaving) await new Promise<void>((resolve) => setImmediate(resolve));
    const { reply } = parseLockReply(await this.unconfirmed.release(rounds, this.longestTtlMs));
    if (rounds.every((_, index) => replyAt(reply, index).kind === 'released')) return 1;
    throw REFUSED;
  }

  /** Resolves when the votes on them are noted. */
  private enqueue(script: RedisScript, { ids, rounds, carried }: LockGroup): Promise<void> {
    const waiting = this.queues.find(
      (queue) => queue.script === script && queue.ids === ids && queue.carried === carried,
    );
    if (waiting !== undefined) {
      waiting.rounds.push(...rounds);
      return waiting.noted;
    }
    const asked = [...rounds];
    // Not a microtask: bids and renewals of the same moment each begin in a microtask of their own.
    const noted = new Promise<void>((resolve) => {
      setImmediate(() => {
        this.queues = this.queues.filter((one) => one !== queue);
        resolve(this.flush(script, asked, ids, carried));
      });
    });
    const queue: Queue = { script, ids, carried, rounds: asked, noted };
    this.queues = [...this.queues, queue];
    return noted;
  }

  private async flush(
    script: RedisScript,
    rounds: readonly LockRound[],
    ids: LedgerIds | undefined,
    carried: CarriedClaims | undefined,
  ): Promise<void> {
    for (const { ttlMs } of rounds) this.longestTtlMs = Math.max(this.longestTtlMs, ttlMs);
    // Ahead of it on the same connection: a bid must not be refused because of our own old lock.
    if (script === ACQUIRE_SCRIPT) void this.unconfirmed.resend();
    const { reply, refused } = parseLockReply(await this.ask(script, rounds, ids, carried));
    const words = rounds.map((_, index) => replyAt(reply, index));
    const { position, index: node, onRenamed } = this.settings;
    // Before anybody is told: a caller that asks again at once has to ask by what the node knows.
    if (words.some(({ kind }) => kind === 'renamed')) onRenamed(refused);
    carried?.answered(position, claimReplyIn(reply, rounds.length, refused));
    for (const [index, word] of words.entries())
      if (word.kind !== 'released' && word.kind !== 'absent') rounds[index]?.note(word, node, position);
  }

  private async ask(
    script: RedisScript,
    requests: readonly LockRequest[],
    ids: LedgerIds | undefined,
    carried: CarriedClaims | undefined,
  ): Promise<ScriptReply> {
    const { node, position } = this.settings;
    if (ids !== undefined && ids[position] === undefined) return NOT_COUNTED;
    const deadlineMs = node.callDeadlineNodeMs();
    // Without a deadline a claim could be granted for as long as its tick may be late, and a give-back would wait for that.
    if (carried !== undefined && deadlineMs <= 0) return CLOCK_UNKNOWN;
    if (carried?.left(position, deadlineMs) === false) return TOO_LATE;
    const values = requests.map(({ value }) => value);
    const message = this.unconfirmed.sent(values, deadlineMs, this.longestTtlMs);
    const reply = await this.send(
      carried === undefined ? script : BID_SCRIPT,
      requests,
      ids && { position, ids },
      deadlineMs,
      carried && [setText(carried.set)],
    );
    if (reply.answered) this.unconfirmed.answered(message);
    return reply;
  }

  private send(
    script: RedisScript,
    locks: readonly LockRequest[],
    meant: LockAddressee = ANY_MEMORY,
    deadlineMs = 0,
    set: readonly string[] = [],
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
        ...set,
      ],
    );
  }
}
