import type { Redis } from 'ioredis';
import { Redis as Client } from 'ioredis';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { eventually, staysSilent } from '../../support/faults/fault.js';
import {
  heldReplies,
  lossyLink,
  partitionedLink,
  refusedLink,
  resetLink,
  silentReplies,
  silentRequests,
  slowLink,
} from '../../support/faults/link-faults.js';
import { ProxyHost, type ProxyLink } from '../../support/faults/tcp-proxy.js';
import { sharedRedis } from '../../support/shared-servers.js';

const SILENCE_MS = 100;
const server = sharedRedis();
let host: ProxyHost;
let link: ProxyLink;
let client: Redis;
let resets = 0;

beforeAll(() => {
  host = ProxyHost.open();
});
afterAll(() => host.close());
beforeEach(async () => {
  link = await host.link(server.url);
  client = new Client(link.url, { retryStrategy: () => 20, maxRetriesPerRequest: null });
  resets = 0;
  client.on('error', () => {
    resets += 1;
  });
  await client.ping();
});
afterEach(() => client.disconnect());

async function pingMs(): Promise<number> {
  const startedMs = performance.now();
  await client.ping();
  return performance.now() - startedMs;
}

const stored = async (): Promise<string | null> => await server.client().get('x');

describe('a link through the proxy', () => {
  it('is plain at first, and counts what passes', async () => {
    expect(await client.set('x', '0')).toBe('OK');
    const counters = await link.counters();
    expect(counters).toMatchObject({ connections: 1, accepted: 1, droppedBytes: 0, heldBytes: 0, resets: 0 });
    expect(counters.requestBytes).toBeGreaterThan(20);
    client.disconnect();
    await eventually('the end is passed on', async () => (await link.counters()).connections === 0);
  });

  it('is slow and keeps the order', async () => {
    const fault = slowLink([link], { delayMs: 60, jitterMs: 40 });
    expect(await fault.strike()).toMatch(/round trip \d+ ms/);
    expect(await pingMs()).toBeGreaterThanOrEqual(59);
    const numbers = await Promise.all(Array.from({ length: 20 }, () => client.incr('order')));
    expect(numbers).toEqual(numbers.toSorted((left, right) => left - right));
    await fault.heal();
    await eventually('it is quick again', async () => (await pingMs()) < 50, 10_000);
  });

  it('stalls where packets were lost', async () => {
    const fault = lossyLink([link], { stallChance: 1, stallMs: 80 });
    expect(await fault.strike()).toMatch(/stall/);
    expect(await pingMs()).toBeGreaterThanOrEqual(159);
    await fault.heal();
  });

  it('loses requests on a connection that stays open, and resets it when it heals', async () => {
    await server.client().set('x', 'before');
    const fault = silentRequests([link]);
    expect(await fault.strike()).toMatch(/unanswered/);
    const lost = client.set('x', 'lost').catch(() => {});
    expect(await staysSilent(lost, SILENCE_MS)).toBe(true);
    expect(await stored()).toBe('before');
    expect(client.status).toBe('ready');
    await fault.heal();
    await eventually('the reset is noticed', () => resets > 0);
    await lost;
  });

  it('loses replies to what the node has done', async () => {
    const fault = silentReplies([link]);
    await fault.strike();
    const lost = client.set('x', 'done').catch(() => {});
    expect(await staysSilent(lost, SILENCE_MS)).toBe(true);
    expect(await stored()).toBe('done');
    await fault.heal();
    await lost;
  });

  it('holds everything in a partition, and delivers it afterwards on the same connection', async () => {
    await server.client().set('x', 'before');
    const fault = partitionedLink([link]);
    await fault.strike();
    const late = client.set('x', 'late');
    expect(await staysSilent(late, SILENCE_MS)).toBe(true);
    expect(await stored()).toBe('before');
    expect((await link.counters()).heldBytes).toBeGreaterThan(0);
    await fault.heal();
    expect(await late).toBe('OK');
    expect(resets).toBe(0);
  });

  it('holds only replies', async () => {
    const fault = heldReplies([link]);
    await fault.strike();
    const late = client.set('x', 'acted');
    expect(await staysSilent(late, SILENCE_MS)).toBe(true);
    expect(await stored()).toBe('acted');
    await fault.heal();
    expect(await late).toBe('OK');
  });

  it('resets, and refuses until it heals', async () => {
    expect(await resetLink([link]).strike()).toBe('1 connections reset');
    await eventually('the client is back', async () => (await client.ping()) === 'PONG');
    const fault = refusedLink([link]);
    expect(await fault.strike()).toMatch(/ECONNREFUSED/);
    await eventually('the client notices', () => client.status !== 'ready');
    await fault.heal();
    expect(await client.ping()).toBe('PONG');
  });
});
