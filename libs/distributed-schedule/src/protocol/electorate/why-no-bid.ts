/** Why an instance whose set of nodes stands does not bid now. */

import { MEMBER_TTL_MS } from '../contract/constants.js';
import type { SentBeat } from '../contract/electorate-view.js';
import type { NodeSet } from '../contract/node-set.js';
import type { Clock } from '../contract/ports.js';
import { quorumOf } from '../contract/quorum.js';
import { type KnownNode, letsClaimsPass, stampStandingOf } from './known-node.js';
import type { NodeBook } from './node-book.js';

/** Unheard, we may be taken for gone. Both clocks: the monotonic one stands in a suspended machine. */
export function whyUnheard(heard: SentBeat | undefined, clock: Clock): string | undefined {
  const { sentMs, sentWallMs } = heard ?? { sentMs: Number.NEGATIVE_INFINITY, sentWallMs: 0 };
  const silentMs = Math.max(clock.monotonicMs() - sentMs, clock.wallMs() - sentWallMs);
  return silentMs > MEMBER_TTL_MS ? 'this instance has not been heard by its nodes for a while' : undefined;
}

/** Undefined: enough may vote. Silent nodes may answer a claim; the others are known to refuse it. */
export function whyTooFew(book: NodeBook, set: NodeSet): string | undefined {
  const refusing = book.known.flatMap((node) => {
    const why = whyRefused(book, node, set);
    return why === undefined ? [] : [`${node.label}: ${why}`];
  });
  const { length } = book.known;
  return length - refusing.length < quorumOf(length) ? refusing.join(', ') : undefined;
}

function whyRefused(book: NodeBook, node: KnownNode, set: NodeSet): string | undefined {
  if (node.identity === undefined || !node.answersNow) return undefined;
  const standing = book.standingOf(node);
  if (standing !== 'votes') return standing;
  const stamp = stampStandingOf(node.identity, set);
  return letsClaimsPass(stamp) ? undefined : stamp === 'none' ? 'unstamped' : stamp;
}
