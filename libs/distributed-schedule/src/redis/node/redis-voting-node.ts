import type { LedgerId } from '../../protocol/contract/ledger-id.js';
import type {
  BeatSign,
  ConfirmAnswer,
  ConfirmRequest,
  EpochAnswer,
  NoteAnswer,
  NoteRequest,
  StampAnswer,
  StampRequest,
} from '../../protocol/contract/node-identity.js';
import { setText } from '../../protocol/contract/node-set.js';
import type {
  BeatReply,
  Claim,
  ClaimReply,
  ClaimTerms,
  InquiryReply,
  InquiryRequest,
  NodeReply,
  NodeTick,
  VotingNode,
} from '../../protocol/contract/ports.js';
import type { PruneAnswer, PruneRequest } from '../../protocol/contract/prunable-lines.js';
import { CONFIRM_SCRIPT } from '../scripts/confirm-script.js';
import { RAISE_EPOCH_SCRIPT } from '../scripts/epoch-script.js';
import { NOTE_SCRIPT, RENUMBER_SCRIPT, STAMP_SCRIPT } from '../scripts/identity-scripts.js';
import {
  parseConfirmAnswer,
  parseEpochAnswer,
  parseIdentity,
  parseNoteAnswer,
  parseStampAnswer,
  textOfSign,
  wordsOfIds,
  wordsOfNote,
  wordsOfStamp,
} from '../scripts/identity-words.js';
import { INQUIRY_SCRIPT, parseInquiry, wordsOfInquiry } from '../scripts/inquiry-script.js';
import { CLAIM_SCRIPT, GIVE_BACK_SCRIPT, PEEK_SCRIPT } from '../scripts/ledger-scripts.js';
import { all, listOf, parseClaimReply, parsePruneAnswer, parseTick } from '../scripts/ledger-words.js';
import { BEAT_SCRIPT, LEAVE_SCRIPT } from '../scripts/membership-scripts.js';
import { PRUNE_SCRIPT } from '../scripts/prune-script.js';
import type { RedisKeys } from '../scripts/redis-keys.js';
import type { RedisNode } from './redis-node.js';
import type { ScriptReply } from './script-channel.js';

/** Translates between the protocol's questions and the scripts' words. */
export class RedisVotingNode implements VotingNode {
  readonly label: string;
  readonly position: string;
  private readonly node: RedisNode;
  private readonly keys: RedisKeys;

  constructor(node: RedisNode, keys: RedisKeys, position: string) {
    this.label = node.label;
    this.position = position;
    this.node = node;
    this.keys = keys;
  }

  async claim(claims: readonly Claim[], terms: ClaimTerms): Promise<NodeReply<ClaimReply>> {
    const ids = wordsOfIds(terms.ids);
    const opening = [
      this.position,
      setText(terms.set),
      String(terms.deadlineMs),
      String(ids.length / 2),
      ...ids,
    ];
    const words = claims.flatMap((one) => [
      one.task,
      String(one.tick),
      one.claimId,
      String(one.maxLatenessMs),
    ]);
    const reply = await this.node.call(CLAIM_SCRIPT, [this.keys.ledger], [...opening, ...words]);
    return read(reply, ([refused, ...votes]) => parseClaimReply(refused, votes, claims.length));
  }

  async giveBack(claims: readonly Claim[]): Promise<NodeReply<void>> {
    const args = claims.flatMap((one) => [one.task, String(one.tick), one.claimId]);
    return done(await this.node.call(GIVE_BACK_SCRIPT, [this.keys.ledger], args));
  }

  async peek(tasks: readonly string[]): Promise<NodeReply<readonly NodeTick[]>> {
    const reply = await this.node.call(PEEK_SCRIPT, [this.keys.ledger], tasks);
    return read(reply, (texts) => all(texts, tasks.length, parseTick));
  }

  async beat(instanceId: string, sign: BeatSign, tasks: readonly string[]): Promise<NodeReply<BeatReply>> {
    const { presence } = this.node;
    const asked = presence?.isSubscribed === true ? presence.subscriptions : undefined;
    const reply = await this.node.call(BEAT_SCRIPT, this.memberKeys(), [
      this.channelPrefix(),
      instanceId,
      this.position,
      textOfSign(sign),
      ...tasks,
    ]);
    return read(reply, ([isSeen, members, tickTexts, identityWords, liveSets], nodeTimeMs) => {
      if (isSeen === 0 && asked !== undefined && asked === presence?.subscriptions) presence.renew();
      const ticks = all(listOf(tickTexts), tasks.length, parseTick);
      const identity = parseIdentity(identityWords, liveSets, nodeTimeMs);
      if (ticks === undefined || identity === undefined) return undefined;
      return { members: listOf(members).map(String), ticks, identity };
    });
  }

  async leave(instanceId: string): Promise<NodeReply<void>> {
    return done(await this.node.call(LEAVE_SCRIPT, this.memberKeys(), [instanceId]));
  }

  async inquire(request: InquiryRequest): Promise<NodeReply<InquiryReply>> {
    const { locks, words } = wordsOfInquiry(request);
    const { ledger, members, lock } = this.keys;
    const reply = await this.node.call(
      INQUIRY_SCRIPT,
      [ledger, members, ...locks.map(lock)],
      [this.channelPrefix(), ...words],
    );
    return read(reply, (answer) => parseInquiry(answer, request.lines.length));
  }

  async note({ position, id, set }: NoteRequest): Promise<NodeReply<NoteAnswer>> {
    const args = [this.channelPrefix(), this.position, position, id, setText(set)];
    const reply = await this.node.call(NOTE_SCRIPT, this.memberKeys(), args);
    return read(reply, (words) => parseNoteAnswer(this.position, words));
  }

  async renumber(id: LedgerId, counter: number): Promise<NodeReply<LedgerId>> {
    const args = [this.position, id, String(counter)];
    const reply = await this.node.call(RENUMBER_SCRIPT, [this.keys.ledger], args);
    return read(reply, ([standing]) => (typeof standing === 'string' ? standing : undefined));
  }

  async raiseEpoch(epoch: number): Promise<NodeReply<EpochAnswer>> {
    return read(
      await this.node.call(RAISE_EPOCH_SCRIPT, [this.keys.ledger], [String(epoch)]),
      parseEpochAnswer,
    );
  }

  async prune({ windowMs, restMs }: PruneRequest): Promise<NodeReply<PruneAnswer>> {
    const args = [windowMs, restMs].map((ms) => ms.toFixed(0));
    return read(await this.node.call(PRUNE_SCRIPT, [this.keys.ledger], args), parsePruneAnswer);
  }

  async confirm({ id, notes, set, waitMs }: ConfirmRequest): Promise<NodeReply<ConfirmAnswer>> {
    const wait = waitMs !== undefined && Number.isFinite(waitMs) ? String(waitMs) : '-';
    const args = [this.position, id, setText(set), wait, ...notes.flatMap(wordsOfNote)];
    return read(await this.node.call(CONFIRM_SCRIPT, [this.keys.ledger], args), parseConfirmAnswer);
  }

  async stamp(request: StampRequest): Promise<NodeReply<StampAnswer>> {
    const args = wordsOfStamp(request);
    return read(await this.node.call(STAMP_SCRIPT, [this.keys.ledger], args), parseStampAnswer);
  }

  callDeadlineMs(): number {
    return this.node.callDeadlineNodeMs();
  }

  onBack(listener: () => void): void {
    this.node.onBack(listener);
  }

  reconnect(): void {
    this.node.reconnect();
  }

  private memberKeys(): readonly string[] {
    return [this.keys.ledger, this.keys.members, this.keys.beats];
  }

  /** Empty where nodes cannot tell who is present. */
  private channelPrefix(): string {
    return this.node.presence === undefined ? '' : this.keys.presencePrefix;
  }
}

/** A reply that cannot be understood is no vote. */
function read<T>(
  reply: ScriptReply,
  parse: (answer: readonly unknown[], nodeTimeMs: number) => T | undefined,
): NodeReply<T> {
  if (!reply.answered) return reply;
  const value = parse(reply.value, reply.nodeTimeMs);
  return value === undefined ? { answered: false, reason: 'malformed reply' } : { ...reply, value };
}

function done(reply: ScriptReply): NodeReply<void> {
  return reply.answered ? { ...reply, value: undefined } : reply;
}
