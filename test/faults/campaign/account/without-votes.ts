/**
 * Nodes that answer and have no vote, or have it since a moment ago and a floor with it: their memory is new to the others, or the others
 * know a newer server. Pure.
 */

import type { OutcomeLine } from '../../../../apps/demo/src/outcome-record.js';
import type { Span } from './incident.js';
import type { Outages } from './outages.js';

const WITHOUT_VOTE = /node (\d+): (?:no_vote|wrong_server|superseded|unconfirmed|renamed|quarantined)/g;

/** A bid for a lock tells how many, and not which. */
const LOCK_WITHOUT_VOTE = /^lock: .*\b\d+ (?:its server has no vote|renamed|quarantined)/;

/** Those who bid name such nodes, each after a loss of memory or a fork there, and too few others are left to anybody. */
export function whyWithoutVotes(
  outages: Outages,
  words: readonly OutcomeLine[],
  span: Span,
): readonly ['lost quorum', string] | undefined {
  const whys = new Map<number, string>();
  for (const { detail } of words) {
    if (LOCK_WITHOUT_VOTE.test(detail)) {
      for (const [node, why] of outages.withoutVote(span)) whys.set(node, why);
    }
    for (const [, number] of detail.matchAll(WITHOUT_VOTE)) {
      const why = outages.whyWithoutVote(Number(number) - 1, span);
      if (why !== undefined) whys.set(Number(number) - 1, why);
    }
  }
  if (whys.size === 0 || outages.hasQuorumWithout([...whys.keys()], span)) return undefined;
  const named = [...whys].map(([node, why]) => `redis ${node + 1} has no vote after ${why}`);
  return ['lost quorum', named.join(' and ')];
}
