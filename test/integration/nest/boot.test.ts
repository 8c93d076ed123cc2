/** What an app boots with over a real store: as fast as the store answers, and under a name that people can read. */

import { type AddressInfo, connect, createServer } from 'node:net';
import { hostname } from 'node:os';
import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  DistributedScheduleModule,
  type DistributedScheduleOptions,
  DistributedScheduleRegistry,
  EverySecondExclusive,
  type TickContext,
} from 'nestjs-distributed-schedule';
import { describe, expect, it, onTestFinished } from 'vitest';
import { newNamespace, until } from '../../support/redis-instances.js';
import { type RedisServer } from '../../support/redis-server.js';
import { sharedRedis } from '../../support/shared-servers.js';
import { LogCapture } from '../../unit/nest/nest-app.js';

const server = sharedRedis();

@Injectable()
class Settlement {
  readonly ticks: TickContext[] = [];

  @EverySecondExclusive({ name: 'settle' })
  settle(tick: TickContext): void {
    this.ticks.push(tick);
  }
}

async function compile(schedule: DistributedScheduleOptions, logs: LogCapture = new LogCapture()) {
  const testing = await Test.createTestingModule({
    imports: [DistributedScheduleModule.forRoot({ app: 'shop', namespace: newNamespace(), ...schedule })],
    providers: [Settlement],
  })
    .setLogger(logs)
    .compile();
  const app = testing.createNestApplication();
  onTestFinished(() => app.close());
  return app;
}

describe('a boot', () => {
  it('goes on as soon as the store has answered, also where that takes longer than the first look for decisions', async () => {
    const tookMs: number[] = [];
    for (let count = 0; count < 3; count += 1) {
      const gate = await openGate(server);
      const app = await compile({ redis: gate.url });
      const initialised = app.init();
      // By now everything that the boot asks the store has been asked, and nothing can have been answered.
      await new Promise((resolve) => setImmediate(resolve));
      const releasedMs = performance.now();
      gate.release();
      await initialised;
      tookMs.push(performance.now() - releasedMs);
    }
    // The exchange that nobody answered is repeated after 1,050 ms, and the boot waits 1,000 ms at most.
    expect(Math.min(...tookMs)).toBeLessThan(400);
  });
});

describe('the log of a boot', () => {
  it('says who the instance is, when its tasks are due and that a majority was reached, each once', async () => {
    const logs = new LogCapture();
    const namespace = newNamespace();
    // A busy machine must not make a slow node.
    const patience = { nodeTimeoutMs: 900 };
    const app = await compile({ redis: server.url, namespace, instanceId: 'one', ...patience }, logs);
    await app.init();
    expect(logs.ours('log').slice(0, 2)).toEqual([
      `Instance one of app 'shop' in namespace '${namespace}' on 1 node (single)`,
      expect.stringMatching(/^Scheduled \{settle, every second\}, next \d{4}-\d\d-\d\d \d\d:\d\d:\d\d \S+$/),
    ]);
    const { ticks } = app.get(Settlement);
    await until(() => ticks.length > 0, 'a tick runs');
    const told = logs.ours('log');
    expect(told.filter((line) => line === 'Quorum reached: 1 of 1 nodes answer.')).toHaveLength(1);
    expect(told.filter((line) => line.startsWith('The nodes are new to this namespace'))).toHaveLength(1);
    // A busy machine starts a tick too late.
    const warnings = logs.ours('warn').filter((line) => !line.includes('could not start tick'));
    expect(warnings.join('\n')).toBe('');
    expect(JSON.stringify(logs.lines)).not.toContain('127.0.0.1');
  });
});

describe('the default id of an instance', () => {
  it('stands in claims, in the context of a tick and in the channel of its presence', async () => {
    const namespace = newNamespace();
    const rights = `~{${namespace}}:* &{${namespace}}:presence:*`.split(' ');
    const client = server.client();
    await client.call('ACL', 'SETUSER', 'shop', 'reset', 'on', '>shop', '+@all', ...rights);
    const url = server.url.replace('redis://', 'redis://shop:shop@');
    const app = await compile({ redis: url, namespace });
    await app.init();
    const { instanceId } = app.get(DistributedScheduleRegistry).status();
    expect(instanceId).toMatch(/-\d+-[0-9a-f]{12}$/);
    expect(instanceId.startsWith(`${hostname().slice(0, 3)}`)).toBe(true);
    const { ticks } = app.get(Settlement);
    await until(() => ticks.length > 0, 'a tick runs');
    expect(ticks[0]).toMatchObject({ instanceId });
    const kept = Object.entries(await client.hgetall(`{${namespace}}:ledger`));
    const claims = kept.filter(
      ([field, value]) => field.startsWith('t:') && value.includes(` ${instanceId}:`),
    );
    expect(claims).toHaveLength(1);
    expect(await client.call('PUBSUB', 'NUMSUB', `{${namespace}}:presence:${instanceId}`)).toContain(1);
  });
});

/** Another address of a server, which accepts connections and says nothing until it is released. */
async function openGate(behind: RedisServer): Promise<{ readonly url: string; release(): void }> {
  let release = (): void => undefined;
  const released = new Promise<void>((resolve) => {
    release = resolve;
  });
  const gate = createServer((near) => {
    near.on('error', () => undefined);
    void released.then(() => {
      const far = connect(behind.port, '127.0.0.1');
      far.on('error', () => undefined);
      near.pipe(far).pipe(near);
    });
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void gate.close());
  await new Promise((resolve) => gate.once('listening', resolve));
  return { url: `redis://127.0.0.1:${(gate.address() as AddressInfo).port}`, release };
}
