import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { drizzle } from 'drizzle-orm/node-postgres';
import pg from 'pg';
import { afterEach, expect, it } from 'vitest';
import { drizzleSnapshots } from '../../../libs/distributed-schedule/src/drizzle/drizzle-snapshots.js';
import type { SnapshotStore } from '../../../libs/distributed-schedule/src/protocol/snapshot/snapshot-store.js';
import { SystemClock } from '../../../libs/distributed-schedule/src/system/system-clock.js';
import { SystemRandom } from '../../../libs/distributed-schedule/src/system/system-random.js';
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

const PARTS = { clock: new SystemClock(), random: new SystemRandom(), namespace: 'test' };

it.each<[string, (of: pg.Pool) => SnapshotStore<unknown>]>([
  ['pg', (of) => storeIn(of, { timeoutMs: 1_000 })],
  [
    'Drizzle',
    (of) =>
      drizzleSnapshots({ pool: of, drizzle: (client) => drizzle({ client }), timeoutMs: 1_000 }).open(PARTS),
  ],
])(
  'a server that dies as it greets is unreachable over %s, and does not end the process',
  async (_name, open) => {
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
      const reply = await open(pool).read('0'.repeat(32));
      expect(reply).toMatchObject({ answered: false });
      expect(unheard).toEqual([]);
    } finally {
      process.off('uncaughtException', hear);
    }
  },
);
