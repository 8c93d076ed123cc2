/** What looks like a PostgreSQL that dies as it greets a connection. */

import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';

export interface DyingPostgres {
  readonly url: string;
  close(): void;
}

/** One message of the wire: a type, its length, and what it says. */
function message(type: string, body: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.write(type);
  head.writeInt32BE(body.length + 4, 1);
  return Buffer.concat([head, body]);
}

const AUTHENTICATED = message('R', Buffer.alloc(4));
const READY = message('Z', Buffer.from('I'));
const ENDED = message('E', Buffer.from('SFATAL\0C57P01\0Mterminating connection\0\0'));

/** All in one piece, as a busy process reads it: nobody who waits for a promise has heard of the connection when it ends. */
export async function startDyingPostgres(): Promise<DyingPostgres> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(Buffer.concat([AUTHENTICATED, READY, ENDED])));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `postgres://any@127.0.0.1:${port}/any`,
    close: () => {
      server.close();
    },
  };
}
