import type { Clock } from '../../protocol/contract/ports.js';
import { MAX_CLIENTS } from './failure-reason.js';
import type { StrictClient } from './strict-client.js';
import { PROTECTED } from './trouble-words.js';

/** The first that a server says on a connection. */
export interface Greeting {
  /** From the standing connection to the first byte: ioredis asks HELLO or SELECT at once. */
  readonly tookMs: number;
  /** Why the server will end the connection, as far as it says so. */
  readonly reason?: string;
}

/** A server that takes no more connections says so and hangs up. ioredis takes it for an answer to HELLO, and drops it. */
const FAREWELLS: readonly (readonly [begins: string, reason: string])[] = [
  ['-ERR max number of clients', MAX_CLIENTS],
  ['-DENIED', PROTECTED],
];

/** Looks at the first bytes of each connection, and leaves them to ioredis. */
export function listenToGreetings(
  client: StrictClient,
  clock: Pick<Clock, 'monotonicMs'>,
  heard: (greeting: Greeting) => void,
): void {
  client.on('connect', () => {
    const connectedMs = clock.monotonicMs();
    client.stream?.once?.('data', (bytes) => {
      const text = String(bytes);
      const reason = FAREWELLS.find(([begins]) => text.startsWith(begins))?.[1];
      heard({ tookMs: clock.monotonicMs() - connectedMs, ...(reason === undefined ? {} : { reason }) });
    });
  });
}
