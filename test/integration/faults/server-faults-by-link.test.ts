import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { CLAIM_TEXTS } from '../../support/faults/answer-faults.js';
import { eventually } from '../../support/faults/fault.js';
import { selectRefused } from '../../support/faults/select-faults.js';
import { endpointSwapped } from '../../support/faults/swap-faults.js';
import { ProxyHost, type ProxyLink } from '../../support/faults/tcp-proxy.js';
import { sharedRedis } from '../../support/shared-servers.js';

let host: ProxyHost;
const server = sharedRedis({ database: 2 });
const other = sharedRedis();
let links: readonly ProxyLink[];
let clients: readonly Redis[];

beforeAll(async () => {
  host = ProxyHost.open();
  await other.client().set('who', 'other');
  await server.client().set('who', 'in database 2');
});
afterAll(() => host.close());
beforeEach(async () => {
  links = await Promise.all([host.link(server.url), host.link(server.url)]);
  clients = links.map((link) => {
    const client = new Redis(link.url, { retryStrategy: () => 20, maxRetriesPerRequest: null });
    client.on('error', () => {});
    return client;
  });
  await Promise.all(clients.map((client) => client.ping()));
});
afterEach(() => {
  for (const client of clients) client.disconnect();
});

const whoAnswers = (index: number): Promise<string | null> | undefined => clients[index]?.get('who');

describe('a name that comes to mean another server', () => {
  it('leads there whoever connects anew, and leaves the others where they are', async () => {
    const fault = endpointSwapped({ links, moved: links.slice(1), to: other });
    expect(await fault.strike()).toContain('1 connections stay at the old server');
    await expect(whoAnswers(0)).resolves.toBe('in database 2');
    // A client that has just been disconnected chooses the database that it had before.
    const answersIn = async (database: number): Promise<string | null | undefined> => {
      await clients[1]?.select(database);
      return whoAnswers(1);
    };
    await eventually('the other server answers', async () => (await answersIn(0)) === 'other');
    await fault.heal();
    await eventually('the old one answers', async () => (await answersIn(2)) === 'in database 2');
  });
});

describe('an answer that is lost', () => {
  it('ends the connection after the server has acted, once, and not for other messages', async () => {
    const [link] = links;
    await link?.lose({ to: ['chosen'], times: 1 });
    await clients[0]?.set('count', '0');
    // Sent again by the client's own habit: the server has done it twice, and one answer came.
    expect(await clients[0]?.eval("return redis.call('INCR', KEYS[1]) -- chosen", 1, 'count')).toBe(2);
    expect(await link?.counters()).toMatchObject({ lostAnswers: 1, resets: 1 });
  });

  it('is that of a claim by its script’s hash, or by its text', () => {
    const [sha1, text] = CLAIM_TEXTS;
    expect(sha1).toMatch(/^[0-9a-f]{40}$/);
    expect(text).toBe('schedule: claim\n');
  });
});

describe('a server that refuses SELECT', () => {
  it('is connected to meanwhile, and chooses the database again afterwards', async () => {
    const fault = selectRefused(server, links);
    expect(await fault.strike()).toContain('SELECT gets BUSY');
    await fault.heal();
    await Promise.all(clients.map((client) => client.select(2)));
    await eventually('all are served', async () => (await whoAnswers(0)) === 'in database 2');
  });
});
