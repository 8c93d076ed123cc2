/** An address that means different servers to different instances: real servers, real apps, no tick twice. */

import { type DistributedScheduleOptions, type ScheduleEvent } from 'nestjs-distributed-schedule';
import { describe, expect, it, onTestFinished, vi } from 'vitest';
import { SplitPort } from '../../support/faults/split-port.js';
import { until } from '../../support/redis-instances.js';
import { type RedisServer } from '../../support/redis-server.js';
import { ownRedis } from '../../support/shared-servers.js';
import { startTaskApp, type TaskApp } from '../../support/task-app.js';
import { doubled } from '../../support/tasks.js';

interface Runner extends TaskApp {
  readonly ticks: number[];
  readonly events: ScheduleEvent[];
}

async function server(): Promise<RedisServer> {
  const started = await ownRedis();
  return started;
}

async function splitPort(target: { readonly port: number }): Promise<SplitPort> {
  const port = await SplitPort.open(target);
  onTestFinished(() => port.close());
  return port;
}

async function start(options: DistributedScheduleOptions): Promise<Runner> {
  const ticks: number[] = [];
  const events: ScheduleEvent[] = [];
  const observers = [{ observe: (event: ScheduleEvent) => void events.push(event) }];
  const app = await startTaskApp({ namespace: 'identity', observers, ...options }, ({ tick }) =>
    ticks.push(tick),
  );
  onTestFinished(() => app.close());
  return { ticks, events, close: () => app.close() };
}

function conditionsOf({ events }: Runner): readonly string[] {
  return events.flatMap((event) => (event.type === 'identity' ? [`${event.node} ${event.condition}`] : []));
}

async function runsFor(seconds: number, ...runners: readonly Runner[]): Promise<void> {
  const from = Date.now();
  const isOver = (): boolean => Date.now() > from + seconds * 1_000;
  await until(isOver, `${seconds} s have passed with ${runners.length} instances`);
}

/** Three servers, and an instance over IPv6 that is in its stride. */
async function stage(options: Partial<DistributedScheduleOptions> = {}) {
  const servers = await Promise.all([server(), server(), server()]);
  const ports = await Promise.all(servers.map((one) => splitPort(one)));
  const before = await start({ ...options, redis: ports.map((port) => port.url('v6')) });
  await until(() => before.ticks.length >= 2, 'the first instance runs ticks');
  return { servers, ports, before };
}

/** Another server behind the address of the second node, for whoever connects from now on over IPv4. */
async function swapped(options: Partial<DistributedScheduleOptions> = {}) {
  const { servers, ports, before } = await stage(options);
  const [first, second, third] = ports;
  const other = await server();
  second?.lead('v4', other);
  // Each of the two instances still reaches a majority, but for the swapped node they share none.
  third?.lead('v6', undefined);
  third?.cut('v6');
  first?.lead('v4', undefined);
  const after = await start({ ...options, redis: ports.map((port) => port.url('v4')) });
  return { servers, ports, other, before, after };
}

describe('an endpoint that leads to another server while the old one lives', () => {
  it('runs no tick twice: one instance is still connected to the old server, one to the new', async () => {
    const { before, after } = await swapped();
    await runsFor(12, before, after);
    expect(doubled([...before.ticks, ...after.ticks])).toEqual([]);
    expect(before.ticks.length).toBeGreaterThan(8);
  }, 40_000);

  it('opens the window that is stated when identityWaitMs ends: then the new server votes, and says so', async () => {
    const { before, after } = await swapped({ identityWaitMs: 3_000 });
    await until(
      () => conditionsOf(after).includes('node 2 forced'),
      'the new server votes without enough notes',
    );
    await until(() => doubled([...before.ticks, ...after.ticks]).length > 0, 'a tick has run twice');
  }, 60_000);

  it('votes there once nobody is connected to the old server any more, and there again after the way back', async () => {
    const { servers, ports, before } = await stage();
    const after = await start({ redis: ports.map((port) => port.url('v4')) });
    const other = await server();
    const lead = (target: RedisServer): void => {
      for (const side of ['v4', 'v6'] as const) {
        ports[1]?.lead(side, target);
        ports[1]?.cut(side);
      }
    };
    const votes = (): number =>
      [before, after].flatMap(conditionsOf).filter((condition) => condition === 'node 2 votes').length;
    const first = votes();
    lead(other);
    await until(() => votes() > first, 'the other server votes');
    const [, old] = servers;
    if (old === undefined) throw new Error('no server');
    lead(old);
    const hasMetOld = (one: Runner): boolean => conditionsOf(one).includes('node 2 wrong_server');
    // Until then the second of them may still hear that the other one votes.
    await until(() => [before, after].every(hasMetOld), 'both meet the old server');
    const had = votes();
    // An id that votes is given up only after a while.
    await vi.waitFor(() => expect(votes()).toBeGreaterThan(had), { timeout: 40_000, interval: 50 });
    expect(doubled([...before.ticks, ...after.ticks])).toEqual([]);
  }, 90_000);
});

describe('one bad instance and an empty node', () => {
  it.each([
    ['one node alone', 0],
    ['three nodes, two of them others', 2],
  ])(
    'do not fence the fleet for good: %s',
    async (_title, otherNodes) => {
      const { servers, ports, before } = await stage();
      const fleet = [before, await start({ redis: ports.map((port) => port.url('v6')) })];
      const ran = (): number => fleet.flatMap(({ ticks }) => ticks).length;
      const others = await Promise.all(Array.from({ length: otherNodes }, () => server()));
      // The fleet cannot be heard at a node that forgets: whoever asks there next may believe to be the first.
      ports[1]?.lead('v6', undefined);
      ports[1]?.cut('v6');
      await servers[1]?.client().flushall();
      const bad = await start({ redis: [ports[1]?.url('v4') ?? '', ...others.map(({ url }) => url)] });
      await until(() => bad.ticks.length > 0, 'the bad instance runs on its own');
      ports[1]?.lead('v6', servers[1]);
      await until(() => yields(bad), 'the bad instance gives way');
      const [had, badHad] = [ran(), bad.ticks.length];
      await until(() => ran() >= had + 5, 'the fleet goes on');
      expect(bad.ticks.length - badHad).toBeLessThanOrEqual(1);
      expect(doubled(fleet.flatMap(({ ticks }) => ticks))).toEqual([]);
      await bad.close();
      await until(() => fleet.some(hasTakenOver), 'the node is the fleet’s again');
    },
    90_000,
  );
});

function yields({ events }: Runner): boolean {
  return events.some((event) => event.type === 'node_set' && event.condition === 'yields');
}

function hasTakenOver({ events }: Runner): boolean {
  return events.some(
    (event) => event.type === 'stamped' && event.node === 'node 2' && event.reason === 'taken_over',
  );
}
