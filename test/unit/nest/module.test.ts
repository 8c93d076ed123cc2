import { Injectable, Module } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  type DistributedScheduleAsyncOptions,
  DistributedScheduleModule,
  type DistributedScheduleOptions,
  type DistributedScheduleOptionsFactory,
  DistributedScheduleRegistry,
  IntervalExclusive,
} from 'nestjs-distributed-schedule';
import { describe, expect, it, onTestFinished } from 'vitest';
import { EventLog } from './event-log.js';
import { GENEROUS_STORE } from './generous-store.js';
import { bootApp, bootError, bootWith, LogCapture, QUICK } from './nest-app.js';

const OPTIONS: DistributedScheduleOptions = { ...QUICK, ...GENEROUS_STORE, instanceId: 'from-options' };

@Injectable()
class Sweeper {
  @IntervalExclusive(50, { name: 'sweep' })
  sweep(): void {}
}

@Injectable()
class OptionsService implements DistributedScheduleOptionsFactory {
  createDistributedScheduleOptions(): DistributedScheduleOptions {
    return OPTIONS;
  }
}

@Module({
  providers: [OptionsService, { provide: 'ID', useValue: 'injected' }],
  exports: [OptionsService, 'ID'],
})
class ConfigModule {}

describe('forRootAsync', () => {
  const instanceIdOf = async (options: DistributedScheduleAsyncOptions): Promise<string> => {
    const { app } = await bootWith({
      imports: [DistributedScheduleModule.forRootAsync(options)],
      providers: [Sweeper],
    });
    expect(app.get(DistributedScheduleRegistry).has('sweep')).toBe(true);
    return app.get(DistributedScheduleRegistry).status().instanceId;
  };

  it('takes options from a factory with what is injected into it', async () => {
    const useFactory = async (instanceId: string): Promise<DistributedScheduleOptions> => ({
      ...OPTIONS,
      instanceId,
    });
    expect(await instanceIdOf({ imports: [ConfigModule], inject: ['ID'], useFactory })).toBe('injected');
  });

  it('takes options from a class', async () => {
    expect(await instanceIdOf({ useClass: OptionsService })).toBe('from-options');
  });

  it('takes options from a provider that exists elsewhere', async () => {
    expect(await instanceIdOf({ imports: [ConfigModule], useExisting: OptionsService })).toBe('from-options');
  });

  it.each([{}, { useClass: OptionsService, useExisting: OptionsService }])(
    'takes exactly one of the three: %j',
    (given) => {
      expect(() => DistributedScheduleModule.forRootAsync(given)).toThrow(
        'DSCHED_BAD_OPTION: forRootAsync takes exactly one of useFactory, useClass and useExisting',
      );
    },
  );

  it('checks what it is given as forRoot does', async () => {
    const useFactory = () => ({ namespce: 'shop' }) as DistributedScheduleOptions;
    const error = await bootError(
      bootWith({ imports: [DistributedScheduleModule.forRootAsync({ useFactory })] }),
    );
    expect(error.message).toBe(
      "DSCHED_UNKNOWN_OPTION: DistributedScheduleModule has no option 'namespce'. Did you mean 'namespace'?",
    );
  });

  it('refuses a factory that returns nothing', async () => {
    const useFactory = () => undefined as never;
    const error = await bootError(
      bootWith({ imports: [DistributedScheduleModule.forRootAsync({ useFactory })] }),
    );
    expect(error.message).toBe(
      'DSCHED_BAD_OPTION: the options of DistributedScheduleModule must be an object',
    );
  });
});

describe('a bad option', () => {
  const URLS = ['redis://127.0.0.1:1', 'redis://127.0.0.1:2'];

  it.each<[string, object, string]>([
    ['a nested name', { lease: { tlMs: 5 } }, "no option 'lease.tlMs'. Did you mean 'lease.ttlMs'?"],
    ['a name on the wrong level', { leaseTtlMs: 5 }, "no option 'leaseTtlMs'. Did you mean 'lease.ttlMs'?"],
    ['a name without its unit', { lease: { ttl: 5 } }, "no option 'lease.ttl'. Did you mean 'lease.ttlMs'?"],
    ['a flat name without its unit', { ttl: 5 }, "no option 'ttl'. Did you mean 'lease.ttlMs'?"],
    ['a name of another library', { url: 'redis://h' }, "no option 'url'. Did you mean 'redis'?"],
    ['another one', { keyPrefix: 'shop:' }, "no option 'keyPrefix'. Did you mean 'namespace'?"],
    [
      'a group that is no object',
      { bids: 5 },
      'DSCHED_BAD_OPTION: option bids of DistributedScheduleModule must be an object',
    ],
    [
      'a namespace with braces',
      { namespace: '{shop}' },
      'DSCHED_BAD_OPTION: option namespace is "{shop}"; it takes 1 to 200',
    ],
    [
      'a time to live that is no number',
      { lease: { ttlMs: '3s' } },
      'DSCHED_BAD_OPTION: option lease.ttlMs is "3s"',
    ],
    [
      'a node timeout above a third of the lease',
      { nodeTimeoutMs: 990 },
      'DSCHED_DURATIONS: nodeTimeoutMs + drift must',
    ],
    [
      'a bid lead beyond EARLY',
      { bids: { leadMs: 90 } },
      'DSCHED_DURATIONS: bids.leadMs + clock error must stay',
    ],
    ['a bid stagger of 0', { bids: { staggerMs: 0 } }, 'DSCHED_BAD_OPTION: option bids.staggerMs is 0'],
    [
      'an instance id with a space, which separates the words of the ledger',
      { instanceId: 'pod 1' },
      'DSCHED_BAD_OPTION: option instanceId is "pod 1"; it takes a text without whitespace',
    ],
    ['an empty instance id', { instanceId: '' }, 'DSCHED_BAD_OPTION: option instanceId is ""'],
    [
      'half a lock provider',
      { lockProvider: { extend() {} } },
      'the methods tryAcquire, extend, release; missing: tryAcquire, release',
    ],
    ['half a ledger', { tickLedger: {} }, 'missing: claim, giveBack, peek'],
    [
      'an observer that cannot observe',
      { observers: [{}] },
      'option observers is an object; it takes an object with',
    ],
    ['observers that are no list', { observers: 5 }, 'option observers is 5; it takes a list of observers'],
    ['an app with braces', { app: '{shop}' }, 'DSCHED_BAD_OPTION: option app is "{shop}"; it takes 1 to 200'],
    ['an app that is no text', { app: 7 }, 'DSCHED_BAD_OPTION: option app is 7'],
    [
      'a text for a switch',
      { followMoreFrequent: 'yes' },
      'DSCHED_BAD_OPTION: option followMoreFrequent is "yes"; it takes true or false',
    ],
    ['one label', { labels: 'eu' }, 'option labels is "eu"; it takes a list of at most 16 labels'],
    ['a label with whitespace', { labels: ['eu', 'a b'] }, 'each of 1 to 64 characters without whitespace'],
    ['an empty label', { labels: [''] }, 'option labels'],
    ['a label that is too long', { labels: ['x'.repeat(65)] }, 'option labels'],
    ['too many labels', { labels: Array.from({ length: 17 }, (_, index) => `l${index}`) }, 'option labels'],
    [
      'a generation of 0',
      { nodeSetGeneration: 0 },
      'option nodeSetGeneration is 0; it takes a whole number from 1',
    ],
    [
      'a precision that nobody knows',
      { precision: 'high' as 'exact' },
      `option precision is "high"; it takes 'exact' or 'timer'`,
    ],
    [
      'waiting for replicas of several nodes',
      { waitReplicas: 1, redis: [...URLS, 'redis://127.0.0.1:3'], namespace: 'shop', app: 'shop-api' },
      'there are 3',
    ],
    [
      'a skew that is refused of several nodes',
      { refuseSkewMs: 5_000, redis: [...URLS, 'redis://127.0.0.1:3'], namespace: 'shop', app: 'shop-api' },
      'option refuseSkewMs is 5000; it takes no value unless `redis` is one node; there are 3',
    ],
    [
      'a skew that every network makes',
      { refuseSkewMs: 100, redis: URLS.slice(0, 1), namespace: 'shop', app: 'shop-api' },
      'option refuseSkewMs is 100; it takes a whole number from 1000',
    ],
  ])('%s stops the boot', async (_title, given, message) => {
    const error = await bootError(bootWith({ imports: [DistributedScheduleModule.forRoot(given)] }));
    expect(error.message).toContain(message);
  });
});

describe('null, which `??` would take for the default', () => {
  const NAMES = [
    'namespace',
    'app',
    'instanceId',
    'enabled',
    'nodeTimeoutMs',
    'shutdownTimeoutMs',
    'lockProvider',
  ];
  const MORE = ['tickLedger', 'nodeSetGeneration', 'waitReplicas', 'observers', 'lease', 'bids', 'labels'];

  it.each([...NAMES, ...MORE])('in place of %s stops the boot', async (name) => {
    const error = await bootError(
      bootWith({ imports: [DistributedScheduleModule.forRoot({ [name]: null })] }),
    );
    expect(error.message).toMatch(`DSCHED_BAD_OPTION: option ${name} of DistributedScheduleModule`);
  });

  it.each([
    ['lease.ttlMs', { lease: { ttlMs: null } }],
    ['bids.leadMs', { bids: { leadMs: null } }],
    ['bids.staggerMs', { bids: { staggerMs: null } }],
  ])('in place of %s stops the boot', async (name, given) => {
    const imports = [DistributedScheduleModule.forRoot(given as never)];
    expect((await bootError(bootWith({ imports }))).message).toMatch(`option ${name} of`);
  });
});

describe('a second forRoot', () => {
  it('in one app stops the boot, wherever it is imported', async () => {
    @Module({ imports: [DistributedScheduleModule.forRoot(OPTIONS)] })
    class Feature {}
    const error = await bootError(bootApp({ imports: [Feature] }));
    expect(error.message).toMatch(/^DSCHED_SECOND_FOR_ROOT: .* is called 2 times in this app/);
  });

  it('in another app of the process is a second instance', async () => {
    const [one, other] = [await bootApp({}), await bootApp({})];
    const ids = [one, other].map(({ app }) => app.get(DistributedScheduleRegistry).status().instanceId);
    expect(new Set(ids).size).toBe(2);
  });
});

describe('the memory backend', () => {
  it('is used without `redis`, runs tasks, and is warned of once', async () => {
    const events = new EventLog();
    const run = events.nextRun('sweep');
    const { logs } = await bootWith({
      imports: [DistributedScheduleModule.forRoot({ ...QUICK, observers: [events] })],
      providers: [Sweeper],
    });
    expect((await run).outcome).toBe('success');
    // A machine without time for a tick of this short period is told of as well.
    const warned = logs.ours('warn').filter((line) => line.includes('several instances'));
    expect(warned).toHaveLength(1);
    expect(warned[0]).toContain('with several instances every task runs on each of them');
  });

  it('is not warned of when both of its halves are replaced', async () => {
    const { logs } = await bootApp({});
    expect(logs.ours('warn')).toEqual([]);
  });
});

describe('an instance that is not enabled', () => {
  it('registers its tasks and never bids', async () => {
    const { app, events } = await bootApp({ providers: [Sweeper], schedule: { enabled: false } });
    const registry = app.get(DistributedScheduleRegistry);
    expect(registry.has('sweep')).toBe(true);
    expect(registry.status().state).toBe('idle');
    await app.close();
    expect(events.of('tick')).toEqual([]);
  });
});

describe('an app that is closed without having been initialised', () => {
  it('closes', async () => {
    const builder = Test.createTestingModule({ imports: [DistributedScheduleModule.forRoot(OPTIONS)] });
    const testing = await builder.setLogger(new LogCapture()).compile();
    onTestFinished(() => testing.close());
    await expect(testing.close()).resolves.toBeUndefined();
  });
});
