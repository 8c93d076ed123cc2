/** A node that is slow keeps its connection; one that is silent loses it. Told apart on real servers, by their sockets. */

import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it, onTestFinished } from 'vitest';
import {
  beatOf,
  claimOf,
  closeInstances,
  endQuarantine,
  type Instance,
  newNamespace,
  nodeOf,
  openInstance,
  termsOf,
  until,
} from '../../support/redis-instances.js';
import type { RedisServer } from '../../support/redis-server.js';
import { ownRedis } from '../../support/shared-servers.js';

const NODE_TIMEOUT_MS = 200;
const SLOW_MS = 260;
const CALLS = 12;

/** A busy machine adds to what was measured, so the figures are read, and not spelled. */
const SLOW =
  /^it is slow \(its newest reply came after (?<tookMs>\d+) ms, and nodeTimeoutMs is 200\): use .* raise nodeTimeoutMs to (?<proposedMs>\d+) and/;

/** The way to a server, which can grow long, or be cut: what is sent then is neither delivered nor refused. */
class Way {
  private delayMs = 0;
  private isCut = false;
  private readonly listener: Server;
  private readonly sockets = new Set<Socket>();
  opened = 0;
  closed = 0;

  private constructor(port: number) {
    this.listener = createServer((near) => {
      this.opened += 1;
      const far = connect(port, '127.0.0.1');
      for (const socket of [near, far]) {
        this.sockets.add(socket);
        socket.on('error', () => {});
      }
      near.on('data', (bytes) => this.pass(bytes, far));
      far.pipe(near);
      near.on('close', () => {
        this.closed += 1;
        far.destroy();
      });
      far.on('close', () => near.destroy());
    });
  }

  static async to(server: RedisServer): Promise<Way> {
    const way = new Way(server.port);
    await new Promise<void>((resolve) => way.listener.listen(0, '127.0.0.1', resolve));
    return way;
  }

  get url(): string {
    return `redis://127.0.0.1:${(this.listener.address() as AddressInfo).port}`;
  }

  takes(delayMs: number): void {
    this.delayMs = delayMs;
  }

  cut(): void {
    this.isCut = true;
  }

  close(): void {
    for (const socket of this.sockets) socket.destroy();
    this.listener.close();
  }

  private pass(bytes: Buffer, far: Socket): void {
    if (this.isCut) return;
    if (this.delayMs === 0) far.write(bytes);
    else setTimeout(() => far.write(bytes), this.delayMs);
  }
}

afterEach(closeInstances);

interface Reached {
  readonly server: RedisServer;
  readonly way: Way;
  readonly instance: Instance;
  readonly namespace: string;
}

async function quick(count: number): Promise<readonly string[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => ownRedis()));
  return servers.map(({ url }) => url);
}

/** One at the end of a way. Others beside it are quick, so that it is not waited for longer than the option says. */
async function reached(others = 2): Promise<Reached> {
  const server = await ownRedis();
  const way = await Way.to(server);
  onTestFinished(() => way.close());
  const namespace = newNamespace();
  const inputs = [way.url, ...(await quick(others))];
  const instance = openInstance({ inputs, namespace, nodeTimeoutMs: NODE_TIMEOUT_MS });
  await until(async () => {
    await Promise.all(instance.nodes.map((node) => beatOf(instance, [], instance.instanceId, node)));
    return instance.health().every((node) => node.answering && node.presence);
  }, 'it is reached');
  return { server, way, instance, namespace };
}

describe('a node that answers later than nodeTimeoutMs', () => {
  it('keeps its connection, gives no vote, and is said to be slow until it is quick again', async () => {
    const { way, instance } = await reached();
    way.takes(SLOW_MS);
    for (let call = 0; call < CALLS; call += 1)
      expect(await beatOf(instance)).toMatchObject({ answered: false });
    const [health] = instance.health();
    expect(health).toMatchObject({ answering: false });
    const { tookMs, proposedMs } = SLOW.exec(health?.why ?? '')?.groups ?? expect.fail(String(health?.why));
    expect(Number(tookMs)).toBeGreaterThanOrEqual(SLOW_MS);
    expect(Number(proposedMs)).toBeGreaterThanOrEqual(2 * Number(tookMs) - 1);
    expect([way.opened, way.closed]).toEqual([2, 0]);
    way.takes(0);
    await until(async () => (await beatOf(instance)).answered, 'it is quick again');
    expect(instance.health()[0]).not.toHaveProperty('why');
    expect([way.opened, way.closed]).toEqual([2, 0]);
  });

  it('is reached, though it has never been quick', async () => {
    const server = await ownRedis();
    const way = await Way.to(server);
    onTestFinished(() => way.close());
    way.takes(SLOW_MS);
    const instance = openInstance({
      inputs: [way.url, ...(await quick(2))],
      namespace: newNamespace(),
      nodeTimeoutMs: NODE_TIMEOUT_MS,
    });
    await until(() => instance.health().every((node) => node.presence), 'it shows the presence');
    for (let call = 0; call < CALLS; call += 1) await beatOf(instance);
    expect(instance.health()[0]?.why).toContain('it is slow (');
    expect([way.opened, way.closed]).toEqual([2, 0]);
  });

  it('refuses a claim that it gets too late, on the connection that was kept', async () => {
    const { server, way, instance, namespace } = await reached();
    const terms = await termsOf(instance);
    await endQuarantine(server, namespace);
    const node = nodeOf(instance);
    // From now on the server knows the script by its hash, so that the late claim is no mere NOSCRIPT.
    await node.claim([claimOf('b', Date.now(), 'early')], terms);
    way.takes(SLOW_MS);
    for (let call = 0; call < CALLS; call += 1) await beatOf(instance);
    const tick = Date.now() + 50;
    const claim = claimOf('a', tick, 'late');
    const reply = await node.claim([claim], { ...terms, deadlineMs: node.callDeadlineMs() });
    expect(reply).toEqual({ answered: false, reason: 'timeout' });
    // Behind the claim on its connection: when this has arrived, the claim was decided.
    await node.giveBack([]);
    way.takes(0);
    await until(async () => (await node.peek(['a'])).answered, 'it answers');
    expect(await node.peek(['a'])).toMatchObject({ answered: true, value: [{ tick: 0 }] });
    // It is the lateness alone that was refused.
    const again = await node.claim([claim], { ...terms, deadlineMs: node.callDeadlineMs() });
    expect(again).toMatchObject({ answered: true, value: { votes: [{ kind: 'granted' }] } });
    expect(way.closed).toBe(0);
  });
});

describe('a majority that answers later than nodeTimeoutMs', () => {
  it('votes as soon as that is known, and readiness says that ticks start late', async () => {
    const { way, instance } = await reached(0);
    way.takes(SLOW_MS);
    await until(async () => (await beatOf(instance)).answered, 'it is waited for');
    for (let call = 0; call < CALLS; call += 1) expect((await beatOf(instance)).answered).toBe(true);
    const [health] = instance.health();
    expect(health).toMatchObject({ answering: true });
    expect(health?.warnings?.join()).toMatch(/it and others answer late: calls are waited for up to \d+ ms/);
    way.takes(0);
    await until(async () => {
      await beatOf(instance);
      return !instance.health()[0]?.warnings?.join().includes('answer late');
    }, 'the warning is gone');
    expect([way.opened, way.closed]).toEqual([2, 0]);
  });
});

describe('a node that answers nothing', () => {
  it('that is frozen loses its connection after two timeouts in a row', async () => {
    const { server, way, instance } = await reached();
    server.pause();
    await beatOf(instance);
    expect(way.closed).toBe(0);
    await beatOf(instance);
    await until(() => way.closed === 1, 'its connection is given up');
    expect(instance.health()[0]?.why).toContain(
      'it does not answer within 200 ms (nodeTimeoutMs): it is frozen',
    );
    server.resume();
  });

  it('behind a link that was cut loses its connection, though it was slow before', async () => {
    const { way, instance } = await reached();
    way.takes(SLOW_MS);
    for (let call = 0; call < CALLS; call += 1) await beatOf(instance);
    expect(way.closed).toBe(0);
    way.cut();
    await until(async () => {
      await beatOf(instance);
      return way.closed > 0;
    }, 'its connection is given up');
  });
});
