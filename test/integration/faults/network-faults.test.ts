import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, type TestContext } from 'vitest';
import { eventually, staysSilent } from '../../support/faults/fault.js';
import { groupsCut, hostCutOff, pathCut } from '../../support/faults/network-faults.js';
import { type Host, Network, networkUnavailable } from '../../support/faults/network-namespace.js';
import { type RedisServer, startRedis } from '../../support/redis-server.js';
import { Replica } from '../../support/replica.js';

const SILENCE_MS = 150;
const unavailable = networkUnavailable();
let network: Network;
let hosts: readonly Host[];
let servers: readonly RedisServer[];

beforeAll(async () => {
  if (unavailable !== undefined) return;
  network = await Network.open();
  hosts = [await network.addHost('left'), await network.addHost('right')];
  servers = await Promise.all(hosts.map((place) => startRedis({ place })));
});
afterAll(async () => {
  if (unavailable !== undefined) return;
  await Promise.all(servers.map((server) => server.stop()));
  await network.close();
  expect(execFileSync('ip', ['netns', 'list']).toString()).not.toContain(`dsnet${process.pid}n`);
});

function need(ctx: TestContext): { left: Host; right: Host; server: RedisServer; other: RedisServer } {
  if (unavailable !== undefined) ctx.skip(unavailable);
  const [left, right] = hosts;
  const [server, other] = servers;
  if (!left || !right || !server || !other) throw new Error('the network did not open');
  return { left, right, server, other };
}

async function connected(server: RedisServer): Promise<Redis> {
  const client = new Redis(server.url, { retryStrategy: () => null });
  client.on('error', () => {});
  await client.ping();
  return client;
}

/** A replica needs the built app. */
/** In a clean checkout the demo is built first, while other tests run. */
const BUILT_WITHIN_MS = 120_000;

const DEMO = fileURLToPath(new URL('../../../scripts/build-demo.mjs', import.meta.url));

describe('a network of namespaces', () => {
  it('cuts a host off, keeps its connections, and what was sent arrives when it heals', async (ctx) => {
    const { server, left } = need(ctx);
    const client = await connected(server);
    const fault = hostCutOff(network, left);
    expect(await fault.strike()).toMatch(/no answer/);
    const late = client.set('x', 'late');
    expect(await staysSilent(late, SILENCE_MS)).toBe(true);
    expect(client.status).toBe('ready');
    await fault.heal();
    expect(await late).toBe('OK');
    client.disconnect();
  });

  it('does not take silence for a cut when nobody else answers either', async (ctx) => {
    const { left, right } = need(ctx);
    const fault = hostCutOff(network, left);
    await network.setLink(right, 'down');
    await expect(fault.strike()).rejects.toThrow('no control answers either');
    await network.setLink(right, 'up');
    await fault.heal();
  });

  it('cuts one way: requests arrive and their replies do not', async (ctx) => {
    const { left, server } = need(ctx);
    const client = await connected(server);
    const local = left.within;
    const fault = pathCut(left, network.here, 'one way');
    await fault.strike();
    const late = client.set('x', 'acted');
    expect(await staysSilent(late, SILENCE_MS)).toBe(true);
    const [program = '', ...args] = [...local, 'redis-cli', '-h', left.address, '-p', String(server.port)];
    expect(execFileSync(program, [...args, 'GET', 'x']).toString()).toBe('acted\n');
    await fault.heal();
    expect(await late).toBe('OK');
    client.disconnect();
  });

  it('cuts groups from each other, and nobody else notices', async (ctx) => {
    const { left, right, server, other } = need(ctx);
    const fault = groupsCut([left], [right]);
    expect(await fault.strike()).toBe(
      'left -> right: no answer within 200 ms; right -> left: no answer within 200 ms',
    );
    const clients = await Promise.all([connected(server), connected(other)]);
    for (const client of clients) client.disconnect();
    await fault.heal();
  });

  it(
    'runs a replica in a host: its messages and its HTTP server reach the test, and its Redis can be cut',
    async (ctx) => {
      const { left, right, other } = need(ctx);
      execFileSync(process.execPath, [DEMO]);
      const replica = await Replica.start('far', { REDIS_NODES: other.url, TASKS: 'settle' }, left);
      expect((await replica.get('/health/live')).status).toBe(200);
      const wins = (): number => replica.messages.filter(({ type }) => type === 'started').length;
      await eventually('it runs', () => wins() > 0, 10_000);
      const fault = pathCut(left, right);
      await fault.strike();
      await eventually('it sees that its quorum is gone', () =>
        replica.messages.some((message) => message.type === 'quorum' && !message.reached),
      );
      expect((await replica.get('/health/live')).status).toBe(200);
      await fault.heal();
      const before = wins();
      await eventually('it runs again', () => wins() > before, 10_000);
      await replica.kill('SIGKILL');
    },
    BUILT_WITHIN_MS,
  );
});
