/** What boot does with the `redis` option, without a Redis: how it talks to real ones is tested elsewhere. */

import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { inspect } from 'node:util';
import { Injectable } from '@nestjs/common';
import {
  CronExclusive,
  DistributedScheduleModule,
  DistributedScheduleRegistry,
  EverySecondExclusive,
  IntervalExclusive,
} from 'nestjs-distributed-schedule';
import {
  DistributedScheduleHealthIndicator,
  DistributedScheduleHealthModule,
} from 'nestjs-distributed-schedule/terminus';
import { describe, expect, it, onTestFinished } from 'vitest';
import { EventLog } from './event-log.js';
import { bootApp, bootError, bootWith, type LogCapture } from './nest-app.js';

@Injectable()
class Settlement {
  calls = 0;

  @EverySecondExclusive({ name: 'settle' })
  settle(): void {
    this.calls += 1;
  }
}

/** What `redis` cannot go without. */
const IDENTITY = { namespace: 'boot', app: 'boot' };
const LOG_WITHIN_MS = 30_000;
const [A, B, C] = ['redis://127.0.0.1:1', 'redis://127.0.0.1:2', 'redis://user:secret@127.0.0.1:3'];

describe('a bad `redis` option', () => {
  it.each<[string, readonly unknown[], string]>([
    ['an even number of nodes', [A, B], 'DSCHED_EVEN_NODES: redis lists 2 nodes'],
    ['no node', [], 'DSCHED_BAD_REDIS: redis is an empty list'],
    ['one master given twice', [A, B, A], 'DSCHED_SAME_NODE_TWICE: redis[0] and redis[2]'],
    ['something that is no URL', ['127.0.0.1:6379'], 'DSCHED_BAD_REDIS: redis[0]'],
    [
      'a database that is no number',
      [{ db: Number.NaN }],
      'DSCHED_BAD_REDIS: redis[0] has db NaN, most likely',
    ],
    ['a key prefix', [{ keyPrefix: 'staging:' }], 'DSCHED_BAD_REDIS: redis[0] has keyPrefix "staging:"'],
    ['a variable that is not set', [undefined], 'DSCHED_BAD_REDIS: redis[0] is undefined, most likely'],
  ])('%s stops the boot', async (_title, redis, message) => {
    const imports = [DistributedScheduleModule.forRoot({ ...IDENTITY, redis: redis as string[] })];
    const error = await bootError(bootWith({ imports }));
    expect(error.message).toContain(message);
  });
});

describe('`redis` from a variable that is not set', () => {
  it.each([undefined, null])(
    'stops the boot as %s, instead of one memory backend per instance',
    async (redis) => {
      const error = await bootError(
        bootWith({ imports: [DistributedScheduleModule.forRoot({ redis } as never)] }),
      );
      expect(error.message).toBe(
        `DSCHED_BAD_REDIS: redis is given and ${redis}, most likely because an environment variable is not set: ` +
          'is REDIS_URL set? Leave the option out for the memory backend',
      );
    },
  );
});

describe('an error at boot', () => {
  const URL = 'redis://:s3cret@h';

  class Tasks {
    run(): void {}
  }
  const withTask = (decorate: (prototype: object, key: string, descriptor: object) => void) => {
    const make = () => {
      class Decorated extends Tasks {
        override run(): void {}
      }
      decorate(Decorated.prototype, 'run', Object.getOwnPropertyDescriptor(Decorated.prototype, 'run') ?? {});
      return Decorated;
    };
    return { providers: [make()] };
  };

  it.each<[string, unknown]>([
    ['the options', URL],
    ['the options, as a list', [URL]],
    ['a group', { lease: URL }],
    ['a group, as a list', { bids: [URL] }],
    ['a duration', { lease: { ttlMs: URL } }],
    ['a duration, as a list', { nodeTimeoutMs: [URL] }],
    ['a switch', { enabled: URL }],
    ['a namespace', { namespace: `${URL}/{1}` }],
    ['a namespace, as a list', { namespace: [URL] }],
    ['no namespace', { redis: URL }],
    ['an app', { app: `${URL}/{1}` }],
    ['an app, as a list', { app: [URL] }],
    ['an app that cannot be found', { redis: URL, namespace: 'boot' }],
    ['an instance id', { instanceId: `${URL} ` }],
    ['a provider', { lockProvider: URL }],
    ['observers', { observers: URL }],
    ['an observer', { observers: [URL] }],
    ['a count', { nodeSetGeneration: URL, waitReplicas: URL }],
    ['an option name', { [URL]: true }],
    ['a list in a list', { ...IDENTITY, redis: [[URL]] }],
    ['an even list', { ...IDENTITY, redis: [URL, 'redis://:s3cret@g'] }],
    ['a list with one twice', { ...IDENTITY, redis: [URL, URL, 'redis://:s3cret@g'] }],
    ['an URL that is none', { ...IDENTITY, redis: 'redis://:s3cret@h:99999' }],
    ['settings', { ...IDENTITY, redis: { host: 'h', password: 's3cret', stringNumbers: true } }],
  ])('shows no password that was given in place of %s', async (_title, given) => {
    for (const module of [
      () => DistributedScheduleModule.forRoot(given as never),
      () => DistributedScheduleModule.forRootAsync({ useFactory: () => given as never }),
    ]) {
      const error = await bootError(bootWith({ imports: [module()] }));
      expect(error.message).toContain('DSCHED_');
      expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('s3cret');
    }
  });

  it.each<[string, Parameters<typeof withTask>[0]]>([
    ['an expression', CronExclusive(URL) as never],
    ['a time zone', CronExclusive('* * * * *', { timeZone: URL }) as never],
    ['an interval', IntervalExclusive(URL as never) as never],
    ['a name', EverySecondExclusive({ name: `${URL}{` }) as never],
    ['a limit', EverySecondExclusive({ maxLatenessMs: URL as never }) as never],
    ['a switch', EverySecondExclusive({ disabled: [URL] as never }) as never],
  ])('shows no password that was given to a decorator as %s', async (_title, decorate) => {
    const error = await bootError(bootApp(withTask(decorate)));
    expect(error.message).toContain('DSCHED_');
    expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('s3cret');
  });
});

describe('an even number of nodes above generation 1', () => {
  it('boots as a step of a change, with one warning', async () => {
    const { logs } = await bootWith({
      imports: [
        DistributedScheduleModule.forRoot({
          ...IDENTITY,
          redis: [A, B],
          nodeSetGeneration: 2,
          enabled: false,
        }),
      ],
    });
    expect(warningsOfNumbers(logs)).toEqual([
      expect.stringContaining(
        'redis lists 2 nodes: an even set tolerates no more failures than one node less',
      ),
    ]);
  });

  it('is not warned of with an odd number', async () => {
    const { logs } = await bootWith({
      imports: [
        DistributedScheduleModule.forRoot({
          ...IDENTITY,
          redis: [A, B, C],
          nodeSetGeneration: 2,
          enabled: false,
        }),
      ],
    });
    expect(warningsOfNumbers(logs)).toEqual([]);
  });
});

describe('no `redis` at all', () => {
  const bootInMemory = (options: object) =>
    bootWith({ imports: [DistributedScheduleModule.forRoot(options), DistributedScheduleHealthModule] });

  it('is warned of in the log and in readiness, since every instance then runs every task', async () => {
    const { app, logs } = await bootInMemory({});
    expect(logs.ours('warn')).toEqual([expect.stringContaining('the embedded memory backend is used')]);
    const { schedule } = app.get(DistributedScheduleHealthIndicator).isReady('schedule');
    expect(schedule?.warnings).toEqual([
      'memory: the schedule is kept in the memory of this process, so that every instance runs every task; pass redis, or memory: true',
    ]);
  });

  it('is nothing to warn of where it is meant', async () => {
    const { app, logs } = await bootInMemory({ memory: true });
    expect(logs.ours('warn')).toEqual([]);
    expect(app.get(DistributedScheduleHealthIndicator).isReady('schedule').schedule?.warnings).toEqual([]);
  });
});

describe('stores that are down at boot', () => {
  it('let the app start; readiness says so, nothing runs, and no address is shown', async () => {
    const events = new EventLog();
    const { app, logs } = await bootWith({
      imports: [
        DistributedScheduleModule.forRoot({ ...IDENTITY, redis: [A, B, C], observers: [events] }),
        DistributedScheduleHealthModule,
      ],
      providers: [Settlement],
    });
    const { report } = await events.next('tick', 'settle');
    expect(report.outcome).toBe('no_quorum');
    expect(app.get(Settlement).calls).toBe(0);
    const { schedule } = app.get(DistributedScheduleHealthIndicator).isReady('schedule');
    expect(schedule).toMatchObject({
      status: 'degraded',
      impaired: [
        'no quorum yet: 0 of 3 nodes answer',
        expect.stringMatching(
          /^Each of node 1, node 2 and node 3 gives no vote: nobody listens at its address \(ECONNREFUSED\): /,
        ),
      ],
    });
    expect(app.get(DistributedScheduleRegistry).store().strength).toBe('quorum');
    // The log gives a boot one second to find its nodes; the first tick can end before.
    await expect
      .poll(() => logs.ours('warn'), { timeout: LOG_WITHIN_MS })
      .toEqual([
        'No quorum yet: 0 of 3 nodes answer. No task runs here until a majority does. Each of node 1, node 2 and node 3 gives no vote: ' +
          'nobody listens at its address (ECONNREFUSED): start Redis there, or correct host and port.',
      ]);
    const shown = JSON.stringify([schedule, logs.lines, events.events]);
    expect(shown).not.toContain('127.0.0.1');
    expect(shown).not.toContain('secret');
  });
});

describe('the connections that the module has opened', () => {
  it('are closed with the app, also those to a store that never answers', async () => {
    const server = await listen();
    const { app } = await bootWith({
      imports: [DistributedScheduleModule.forRoot({ ...IDENTITY, redis: urlOf(server) })],
    });
    await expect.poll(() => openConnections(server), { timeout: LOG_WITHIN_MS }).toBeGreaterThan(0);
    await app.close();
    await allClosed(server);
  });

  it('are closed when a task stops the boot', async () => {
    @Injectable()
    class Twice {
      @EverySecondExclusive({ name: 'settle' })
      settle(): void {}
    }
    const server = await listen();
    const imports = [DistributedScheduleModule.forRoot({ ...IDENTITY, redis: urlOf(server) })];
    const error = await bootError(bootWith({ imports, providers: [Settlement, Twice] }));
    expect(error.message).toContain('DSCHED_DUPLICATE_TASK');
    await allClosed(server);
  });
});

/** Nobody listens at these addresses, and that is told as well. */
function warningsOfNumbers(logs: LogCapture): readonly string[] {
  return logs.ours('warn').filter((line) => !line.startsWith('No quorum yet'));
}

async function listen(): Promise<Server> {
  const server = createServer((socket) => socket.on('error', () => undefined).resume()).listen(
    0,
    '127.0.0.1',
  );
  onTestFinished(() => void server.close());
  await once(server, 'listening');
  return server;
}

function urlOf(server: Server): string {
  return `redis://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function openConnections(server: Server): Promise<number> {
  return new Promise((resolve, reject) => {
    server.getConnections((error, count) => (error === null ? resolve(count) : reject(error)));
  });
}

/** The server ends only when its last connection has. */
async function allClosed(server: Server): Promise<void> {
  server.close();
  await once(server, 'close');
}
