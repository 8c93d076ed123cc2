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
import type { StandbyQuestion } from '../../protocol/contract/standby-set.js';
import { CONFIRM_SCRIPT } from '../scripts/confirm-script.js';
import { RAISE_EPOCH_SCRIPT } from '../scripts/epoch-script.js';
import { NOTE_SCRIPT, RENUMBER_SCRIPT, STAMP_SCRIPT } from '../scripts/identity-scripts.js';
import {
  listOf,
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
import {
  all,
  linesOf,
  parseClaimReply,
  parsePruneAnswer,
  parseTick,
  wordsOfClaim,
} from '../scripts/ledger-words.js';
import { BEAT_SCRIPT, LEAVE_SCRIPT } from '../scripts/membership-scripts.js';
import { PRUNE_SCRIPT } from '../scripts/prune-script.js';
import type { RedisKeys } from '../scripts/redis-keys.js';
import { type RedisScript, sha1Of } from '../scripts/redis-scripts.js';
import { parseStandby, wordOfStandby } from '../scripts/standby-words.js';
import type { RedisNode } from './redis-node.js';
import { type Parse, type ScriptReply, understood } from './script-channel.js';

export class RedisVotingNode implements VotingNode {
  readonly label: string;

  constructor(
    private readonly node: RedisNode,
    private readonly keys: RedisKeys,
    readonly position: string,
  ) {
    this.label = node.label;
  }

  claim(claims: readonly Claim[], terms: ClaimTerms): Promise<NodeReply<ClaimReply>> {
    const ids = wordsOfIds(terms.ids);
    const opening = [this.position, setText(terms.set), String(terms.deadlineMs), String(ids.length / 2)];
    const words = claims.flatMap(wordsOfClaim);
    return this.ask(CLAIM_SCRIPT, [...opening, ...ids, ...words], ([refused, ...votes]) =>
      parseClaimReply(refused, votes, claims.length),
    );
  }

  async giveBack(claims: readonly Claim[]): Promise<NodeReply<void>> {
    const args = claims.flatMap(({ task, tick, claimId }) => [task, String(tick), claimId]);
    return done(await this.node.call(GIVE_BACK_SCRIPT, [this.keys.ledger], args));
  }

  peek(tasks: readonly string[]): Promise<NodeReply<readonly NodeTick[]>> {
    return this.ask(PEEK_SCRIPT, tasks, ([lines]) => all(linesOf(lines), tasks.length, parseTick));
  }

  beat(
    instanceId: string,
    sign: BeatSign,
    tasks: readonly string[],
    question?: StandbyQuestion,
  ): Promise<NodeReply<BeatReply>> {
    const { presence } = this.node;
    const asked = presence?.isSubscribed === true ? presence.subscriptions : undefined;
    const args = [this.channelPrefix(), instanceId, this.position, textOfSign(sign), wordOfStandby(question)];
    const keys = [...this.memberKeys(), ...(question ? [this.keys.standbySet(question.digest)] : [])];
    const parse: Parse<BeatReply> = (words, nodeTimeMs) => {
      const [isSeen, members, tickLines, identityWords, liveSets, inShort] = words;
      if (isSeen === 0 && asked !== undefined && asked === presence?.subscriptions) presence.renew();
      const ticks = all(linesOf(tickLines), tasks.length, parseTick);
      const identity = parseIdentity(identityWords, liveSets, nodeTimeMs);
      if (ticks === undefined || identity === undefined) return undefined;
      const standby = question?.kind === 'ask' ? parseStandby(inShort, question) : undefined;
      return { members: listOf(members).map(String), ticks, identity, ...(standby && { standby }) };
    };
    return this.ask(BEAT_SCRIPT, [...args, ...tasks], parse, keys);
  }

  /** As the script takes it: no name has a line end. */
  digestOf(tasks: readonly string[]): string {
    return sha1Of(tasks.join('\n'));
  }

  async leave(instanceId: string): Promise<NodeReply<void>> {
    return done(await this.node.call(LEAVE_SCRIPT, this.memberKeys(), [instanceId]));
  }

  inquire(request: InquiryRequest): Promise<NodeReply<InquiryReply>> {
    const { locks, words } = wordsOfInquiry(request);
    const { ledger, members, lock } = this.keys;
    const parse: Parse<InquiryReply> = (answer) => parseInquiry(answer, request.lines.length);
    const keys = [ledger, members, ...locks.map(lock)];
    return this.ask(INQUIRY_SCRIPT, [this.channelPrefix(), ...words], parse, keys);
  }

  note({ position, id, set }: NoteRequest): Promise<NodeReply<NoteAnswer>> {
    const args = [this.channelPrefix(), this.position, position, id, setText(set)];
    const parse: Parse<NoteAnswer> = (words) => parseNoteAnswer(this.position, words);
    return this.ask(NOTE_SCRIPT, args, parse, this.memberKeys());
  }

  renumber(id: LedgerId, counter: number): Promise<NodeReply<LedgerId>> {
    const args = [this.position, id, String(counter)];
    return this.ask(RENUMBER_SCRIPT, args, ([now]) => (typeof now === 'string' ? now : undefined));
  }

  raiseEpoch(epoch: number): Promise<NodeReply<EpochAnswer>> {
    return this.ask(RAISE_EPOCH_SCRIPT, [String(epoch)], parseEpochAnswer);
  }

  prune({ windowMs, restMs }: PruneRequest): Promise<NodeReply<PruneAnswer>> {
    return this.ask(PRUNE_SCRIPT, [windowMs.toFixed(0), restMs.toFixed(0)], parsePruneAnswer);
  }

  confirm({ id, notes, set, waitMs }: ConfirmRequest): Promise<NodeReply<ConfirmAnswer>> {
    const wait = waitMs !== undefined && Number.isFinite(waitMs) ? String(waitMs) : '-';
    const args = [this.position, id, setText(set), wait, ...notes.flatMap(wordsOfNote)];
    return this.ask(CONFIRM_SCRIPT, args, parseConfirmAnswer);
  }

  stamp(request: StampRequest): Promise<NodeReply<StampAnswer>> {
    return this.ask(STAMP_SCRIPT, wordsOfStamp(request), parseStampAnswer);
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

  private async ask<T>(
    script: RedisScript,
    args: readonly string[],
    parse: Parse<T>,
    keys: readonly string[] = [this.keys.ledger],
  ): Promise<NodeReply<T>> {
    return understood(await this.node.call(script, keys, args), parse);
  }

  private memberKeys(): readonly string[] {
    return [this.keys.ledger, this.keys.members, this.keys.beats];
  }

  /** Empty where nodes cannot tell who is present. */
  private channelPrefix(): string {
    return this.node.presence === undefined ? '' : this.keys.presencePrefix;
  }
}

function done(reply: ScriptReply): NodeReply<void> {
  return reply.answered ? { ...reply, value: undefined } : reply;
}
