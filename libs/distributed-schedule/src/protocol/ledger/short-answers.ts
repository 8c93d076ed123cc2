/** Which ticks short answers do not settle. What is in doubt is asked about in full: it must neither count as open nor as taken. */

import type { PeekVerdict, TickRef } from '../contract/ports.js';
import { quorumOf } from '../contract/quorum.js';
import { isClaimOf } from './claim-id.js';
import type { TickLists } from './peek-votes.js';

export interface ShortAnswers {
  readonly refs: readonly TickRef[];
  readonly verdicts: readonly PeekVerdict[];
  readonly lists: TickLists;
  /** How many nodes were heard and had no word about these ticks. */
  readonly withoutWord: number;
  readonly instanceId: string;
}

/** By tick: whether full answers could say nothing else. */
export function settledAmong(answers: ShortAnswers): readonly boolean[] {
  return answers.refs.map((ref, index) => !isUnsettled(answers, ref, index));
}

function isUnsettled(
  { verdicts, lists, withoutWord, instanceId }: ShortAnswers,
  { tick }: TickRef,
  index: number,
): boolean {
  const verdict = verdicts[index];
  // Which of its own claims it is decides whether the instance bids for the tick again.
  if (verdict?.kind === 'taken') return isClaimOf(instanceId, verdict.claimId);
  const words = lists.flatMap((list) => list?.[index] ?? []);
  if (withoutWord === 0 && !words.some(({ isShort }) => isShort)) return false;
  const quorum = quorumOf(lists.length);
  // Digests that differ may stand for the same claim, and a node without a word may know it too.
  const mayBeTaken = words.filter((word) => word.tick >= tick).length + withoutWord >= quorum;
  return mayBeTaken || (verdict?.kind === 'unknown' && words.length + withoutWord >= quorum);
}
