/** What is sent in one turn of the event loop can leave in one write: one system call here, and one read of the server. */

import type { StrictClient } from './strict-client.js';

type Stream = NonNullable<StrictClient['stream']>;

/** Streams that hold back what is written. */
const holding = new WeakSet<Stream>();

/** From here to the end of the turn what is written is kept together, unless {@link writeNow} comes. A Cluster writes as ever. */
export function writeTogether({ stream }: Pick<StrictClient, 'stream'>): void {
  if (stream === undefined || stream === null || stream.cork === undefined || holding.has(stream)) return;
  holding.add(stream);
  stream.cork();
  // Behind all that is called back in this turn.
  process.nextTick(() => release(stream));
}

/** What has been written leaves now. */
export function writeNow({ stream }: Pick<StrictClient, 'stream'>): void {
  if (stream !== undefined && stream !== null) release(stream);
}

function release(stream: Stream): void {
  if (holding.delete(stream)) stream.uncork?.();
}
