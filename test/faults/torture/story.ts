/** What happened around a tick, in the order of the machine's clock: for whoever has to explain a doubled one. */

import type { StartLine } from './messages.js';
import type { Loss } from './striker.js';
import type { VoteBook } from './vote-book.js';

/** Losses so shortly before or after a tick belong to its story. */
const NEAR_MS = 2_500;
const TIME_WIDTH = 6;

export function storyOf(starts: readonly StartLine[], votes: VoteBook, losses: readonly Loss[]): string {
  const [first] = starts;
  if (first === undefined) return '';
  const { set, task, tick } = first;
  const near = losses.filter((loss) => loss.set === set && Math.abs(loss.atMs - tick) < NEAR_MS);
  const lines = [
    ...starts.map(({ replica, atMs }) => ({ atMs, what: `started by ${replica}` })),
    ...votes.storyOf(first),
    ...near.map(({ node, kind, atMs }) => ({ atMs, what: `node ${node + 1} struck: ${kind}` })),
    ...near.map(({ node, backAtMs }) => ({ atMs: backAtMs, what: `node ${node + 1} is back` })),
  ].sort((one, other) => one.atMs - other.atMs);
  const told = lines.map(({ atMs, what }) => `${(atMs - tick).toFixed(0).padStart(TIME_WIDTH)} ms ${what}`);
  return [`${set} ${task} ${tick}`, ...told].join('\n  ');
}
