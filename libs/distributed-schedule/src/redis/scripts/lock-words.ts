/** What a message of lock-scripts.ts or release-script.ts says of locks, and what a node answers. */

import type { LineEnds } from '../../protocol/contract/attempt-end.js';
import type { LedgerIds } from '../../protocol/contract/ledger-id.js';
import type { Claim, ClaimReply, NodeReply, ShownClaims } from '../../protocol/contract/ports.js';
import type { LockVote } from '../../protocol/lease/lock-verdict.js';
import { BID_SCRIPT } from './bid-script.js';
import { parseIds } from './identity-words.js';
import { parseVotes, wordsOfClaim } from './ledger-words.js';
import { EXTEND_SCRIPT } from './lock-scripts.js';
import type { RedisScript } from './redis-scripts.js';
import { RELEASE_SCRIPT } from './release-script.js';

export interface LockWords {
  readonly value: string;
  readonly ttlMs: number;
  readonly claims?: ShownClaims | undefined;
  readonly ended?: LineEnds | undefined;
  /** That goes with it, in bid-script.ts. */
  readonly claim?: Claim | undefined;
}

export function wordsOfLock(
  script: RedisScript,
  { value, ttlMs, claims, ended, claim }: LockWords,
): readonly string[] {
  const opening = [value, String(ttlMs)];
  if (script === BID_SCRIPT && claim !== undefined) return [...opening, ...wordsOfClaim(claim)];
  if (script === EXTEND_SCRIPT) return [...opening, ...wordsOfClaims(claims)];
  return script === RELEASE_SCRIPT ? [...opening, ...wordsOfEnds(ended)] : opening;
}

function wordsOfEnds(
  ended: LineEnds | undefined,
): readonly [line: string, mayOverlap: '1' | '', ends: string] {
  if (ended === undefined) return ['', '', ''];
  const words = ended.ends.map(({ instant, outcome, claimId }) => `${instant} ${outcome} ${claimId}`);
  return [ended.line, ended.mayOverlap === true ? '1' : '', words.join('\n')];
}

function wordsOfClaims(claims: ShownClaims | undefined): readonly [line: string, claims: string] {
  if (claims === undefined) return ['', ''];
  const { line, won, upTo = 0, open } = claims;
  return [line, [won, upTo, ...open].join(' ')];
}

/** One node's word on one lock, or why there is none. */
export type LockReply = LockVote | { readonly kind: 'released' } | { readonly kind: 'absent' };

export interface LockReplies {
  readonly reply: NodeReply<readonly unknown[]>;
  readonly refused: LedgerIds;
}

/** What a script of lock-scripts.ts has answered. A reply that cannot be understood is none. */
export function parseLockReply(reply: NodeReply<readonly unknown[]>): LockReplies {
  if (!reply.answered) return { reply, refused: {} };
  const [ids, ...words] = reply.value;
  const refused = parseIds(ids);
  return refused === undefined
    ? { reply: { answered: false, reason: 'malformed reply' }, refused: {} }
    : { reply: { ...reply, value: words }, refused };
}

/** What the same message says of the claims that went with its locks. */
export function claimReplyIn(
  reply: LockReplies['reply'],
  locks: number,
  refused: LedgerIds,
): NodeReply<ClaimReply> {
  if (!reply.answered) return reply;
  const votes = parseVotes(reply.value.slice(locks), locks);
  if (votes === undefined) return { answered: false, reason: 'malformed reply' };
  const isRenamed = votes[0]?.kind === 'renamed';
  return { ...reply, value: { votes, ...(isRenamed && { ids: refused }) } };
}

/** Words that say nothing more, each the same answer for all locks. */
const PLAIN: ReadonlyMap<string, LockReply> = new Map(
  (
    [
      'acquired',
      'extended',
      'released',
      'absent',
      'lost',
      'quarantined',
      'too_late',
      'renamed',
      'held',
    ] as const
  ).map((kind) => [kind, { kind }]),
);

/** The word on one lock of a message. The codes stand above the scripts in lock-scripts.ts. */
export function replyAt(reply: NodeReply<readonly unknown[]>, index: number): LockReply {
  if (!reply.answered) return { kind: 'silent', reason: reply.reason };
  const said = String(reply.value[index] ?? '');
  const plain = PLAIN.get(said);
  if (plain !== undefined) return plain;
  const [word, rest] = splitAtFirst(said);
  switch (word) {
    case 'held':
      return { kind: word, holder: rest };
    case 'dying': {
      const [freeInMs, holder] = splitAtFirst(rest);
      return { kind: 'held', holder, freeInMs: Number(freeInMs) };
    }
    default:
      return { kind: 'silent', reason: 'malformed reply' };
  }
}

/** Only the first space separates: an instance id may contain more. */
function splitAtFirst(text: string): readonly [word: string, rest: string] {
  const space = text.indexOf(' ');
  return space === -1 ? [text, ''] : [text.slice(0, space), text.slice(space + 1)];
}
