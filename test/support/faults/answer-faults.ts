/** Answers that are lost after the server has acted: the worst moment for a connection to end. */

import { BID_SCRIPT } from '#src/redis/scripts/bid-script.js';
import { CLAIM_SCRIPT } from '#src/redis/scripts/ledger-scripts.js';
import { eventually, type Fault, faultOf } from './fault.js';
import type { ProxyLink } from './tcp-proxy.js';

/** How a claim looks on its way: by the script's hash, or with its text where the server did not know it. */
export const CLAIM_TEXTS: readonly string[] = [CLAIM_SCRIPT, BID_SCRIPT].flatMap(({ sha1, name }) => [
  sha1,
  `schedule: ${name}\n`,
]);

/** Somebody claims once a second; a run of a slow task may be in its way. */
const CLAIMED_WITHIN_MS = 8_000;

/** The next claim on each of the links is granted or refused, and its connection is reset instead of an answer. */
export function claimAnswersLost(links: readonly ProxyLink[], leastLost = links.length): Fault {
  const lostSoFar = async (): Promise<number> => {
    const counters = await Promise.all(links.map((link) => link.counters()));
    return counters.reduce((sum, { lostAnswers }) => sum + lostAnswers, 0);
  };
  const order = (times: number): Promise<unknown> =>
    Promise.all(links.map((link) => link.lose({ to: CLAIM_TEXTS, times })));
  return faultOf({
    name: 'answers to a claim lost',
    strike: async () => {
      const before = await lostSoFar();
      await order(1);
      const isSeen = async (): Promise<boolean> => (await lostSoFar()) - before >= leastLost;
      await eventually('a claim whose answer is lost', isSeen, CLAIMED_WITHIN_MS);
      await order(0);
      return `${(await lostSoFar()) - before} claim(s) arrived and were answered by a reset`;
    },
    heal: () => order(0),
  });
}
