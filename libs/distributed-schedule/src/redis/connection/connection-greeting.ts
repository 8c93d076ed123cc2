import type { Clock } from '../../protocol/contract/ports.js';
import { codeOfReply, type FailureCode, MAX_CLIENTS, PROTECTED } from './failure-code.js';
import type { StrictClient } from './strict-client.js';

/** The first that a server says on a connection. */
export interface Greeting {
  /** From the standing connection to the first byte: ioredis asks HELLO or SELECT at once. */
  readonly tookMs: number;
  /** Why the server will end the connection, as far as it says so. */
  readonly code?: FailureCode;
}

/** A server that takes no more connections says so and hangs up. ioredis takes it for an answer to HELLO, and drops it. */
const FAREWELLS: ReadonlySet<FailureCode> = new Set([MAX_CLIENTS, PROTECTED]);

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
      const code = codeOfReply(text);
      const isFarewell = text.startsWith('-') && FAREWELLS.has(code);
      heard({ tookMs: clock.monotonicMs() - connectedMs, ...(isFarewell && { code }) });
    });
  });
}
