import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import pg from 'pg';
import { afterEach, expect, it } from 'vitest';
import { storeIn } from './once-in-postgres.js';

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

let server: Server | undefined;
let pool: pg.Pool | undefined;

afterEach(async () => {
  await pool?.end();
  server?.close();
});

it('a server that dies as it greets is unreachable, and does not end the process', async () => {
  // A busy process reads both at once: nobody who waits for a promise has heard of the connection by then.
  server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(Buffer.concat([AUTHENTICATED, READY, ENDED])));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  pool = new pg.Pool({ host: '127.0.0.1', port, user: 'any', database: 'any' });
  pool.on('error', () => undefined);
  const unheard: unknown[] = [];
  const hear = (error: unknown): void => {
    unheard.push(error);
  };
  process.on('uncaughtException', hear);
  try {
    const reply = await storeIn(pool, { timeoutMs: 1_000 }).read('0'.repeat(32));
    expect(reply).toMatchObject({ answered: false });
    expect(unheard).toEqual([]);
  } finally {
    process.off('uncaughtException', hear);
  }
});
