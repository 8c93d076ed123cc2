import {
  DistributedScheduleModule,
  type DistributedScheduleOptions,
  IdempotentExecutionModule,
  type IdempotentExecutionOptions,
  IdempotentExecutor,
  memorySnapshots,
  redisSnapshotCache,
  redisSnapshots,
} from 'nestjs-distributed-schedule';
import { describe, expect, it } from 'vitest';
import { resolveModuleOptions } from '#src/setup/distributed-schedule-options.resolver.js';
import type { FoundApp } from '#src/system/app-name.js';
import { SystemClock } from '#src/system/system-clock.js';
import { SeededRandom } from '#src/testing/seeded-random.js';
import { GENEROUS_STORE } from './generous-store.js';
import { bootError, bootWith, QUICK } from './nest-app.js';

const REDIS = 'redis://127.0.0.1:1';
const NOWHERE: FoundApp = { why: 'no package.json is there' };

function resolve(
  given: DistributedScheduleOptions,
  found: FoundApp = { name: 'found' },
  environment = 'test',
) {
  return resolveModuleOptions(
    given,
    () => 'made',
    () => found,
    environment,
  );
}

describe('the namespace', () => {
  it('is required with redis, and the error says what to write', () => {
    expect(() => resolve({ redis: REDIS, app: 'shop' })).toThrow(
      /^DSCHED_NO_NAMESPACE: redis is given without a namespace\..*namespace: 'shop-production'/,
    );
  });

  it('has a default for the memory backend, which tells no environment from another', () => {
    const { protocol, givenNamespace } = resolve({});
    expect([protocol.namespace, givenNamespace]).toEqual(['nest-schedule', undefined]);
  });
});

describe('a namespace that was made with a variable that is not set', () => {
  it.each(['shop-', 'shop:', 'shop_', 'shop.', '-shop', 'shop-undefined', 'shop:null', 'undefined.shop'])(
    '%s is refused: it is no environment',
    (namespace) => {
      expect(() => resolve({ redis: REDIS, namespace, app: 'shop' })).toThrow(
        `DSCHED_BAD_OPTION: option namespace is "${namespace}"; it takes a name without a part that is missing, as in ` +
          'shop-production. Most likely an environment variable is empty or not set: is ENVIRONMENT set?',
      );
    },
  );

  it.each(['shop', 'shop-production', 'shop:eu_1', 'shop.nullable', 'undefinedness'])(
    '%s is taken',
    (namespace) => {
      expect(resolve({ redis: REDIS, namespace, app: 'shop' }).protocol.namespace).toBe(namespace);
    },
  );

  it("is nobody else's in memory, where it may be anything", () => {
    expect(resolve({ namespace: 'shop-' }).protocol.namespace).toBe('shop-');
  });
});

describe('the app', () => {
  it('is the one that is given, else the one that is found', () => {
    expect(resolve({ redis: REDIS, namespace: 'shop', app: 'given' }).app).toBe('given');
    expect(resolve({ redis: REDIS, namespace: 'shop' }).app).toBe('found');
  });

  it('is required with redis where none can be found, and the error says why and what to write', () => {
    expect(() => resolve({ redis: REDIS, namespace: 'shop' }, NOWHERE)).toThrow(
      /^DSCHED_NO_APP: nothing says which application this is: no package\.json is there\..*app: 'shop-api'/,
    );
    expect(resolve({}, NOWHERE).app).toBe('app');
  });

  it('that is found is checked like one that is given', () => {
    expect(() => resolve({ redis: REDIS, namespace: 'shop' }, { name: '{x}' })).toThrow(
      'DSCHED_BAD_OPTION: option app is "{x}"',
    );
  });
});

describe('the memory backend', () => {
  const production = (given: DistributedScheduleOptions) => resolve(given, undefined, 'production');

  it('is no default in production: it is meant, or redis is given, or what decides is kept elsewhere', () => {
    expect(() => production({})).toThrow(/^DSCHED_MEMORY_IN_PRODUCTION: .*memory: true/);
    expect(() => production({ memory: false })).toThrow('DSCHED_MEMORY_IN_PRODUCTION');
    expect(production({ memory: true }).isMemoryMeant).toBe(true);
    expect(production({ redis: REDIS, namespace: 'shop' }).isMemoryMeant).toBe(false);
    expect(production(GENEROUS_STORE).isMemoryMeant).toBe(true);
    expect(resolve({}).isMemoryMeant).toBe(false);
  });

  it('is not meant beside redis, and by nothing but true', () => {
    expect(() => resolve({ memory: true, redis: REDIS, namespace: 'shop' })).toThrow(
      'DSCHED_BAD_OPTION: option memory is true; it takes nothing beside redis',
    );
    expect(resolve({ memory: false, redis: REDIS, namespace: 'shop' }).redis).toEqual([REDIS]);
    expect(() => resolve({ memory: 'yes' as never })).toThrow('it takes true or false');
  });

  it('is warned of where nobody has said that it is meant', async () => {
    const boot = async (schedule: DistributedScheduleOptions) =>
      (await bootWith({ imports: [DistributedScheduleModule.forRoot(schedule)] })).logs.ours('warn');
    expect(await boot({})).toEqual([expect.stringContaining('memory: true')]);
    expect(await boot({ memory: true })).toEqual([]);
  });
});

describe('the id of the instance', () => {
  it('is the one that is given, else one that is made', () => {
    expect(resolve({ instanceId: 'given' }).instanceId).toBe('given');
    expect(resolve({}).instanceId).toBe('made');
  });
});

describe('the namespace of idempotent execution', () => {
  const boot = async (
    schedule: DistributedScheduleOptions | undefined,
    namespace?: string,
    store: Parameters<typeof IdempotentExecutionModule.forRoot>[0]['store'] = redisSnapshots({
      redis: REDIS,
    }),
  ) => {
    const given = { ...QUICK, ...GENEROUS_STORE, ...schedule };
    const imports = [
      IdempotentExecutionModule.forRoot({
        ...{ store, app: 'shop' },
        ...(namespace !== undefined && { namespace }),
      }),
      ...(schedule === undefined ? [] : [DistributedScheduleModule.forRoot(given)]),
    ];
    return bootWith({ imports });
  };
  /** What a store is opened with. */
  const recorder = () => {
    const opened: string[] = [];
    const inner = memorySnapshots();
    const store = {
      open: (parts: Parameters<typeof inner.open>[0]) => {
        opened.push(parts.namespace);
        return inner.open(parts);
      },
    };
    return { opened, store };
  };

  it('is that of the schedule of the same app, also from a factory', async () => {
    const { opened, store } = recorder();
    await boot({ namespace: 'shop-staging' }, undefined, store);
    await bootWith({
      imports: [
        IdempotentExecutionModule.forRootAsync({ useFactory: () => ({ store, app: 'shop' }) }),
        DistributedScheduleModule.forRootAsync({
          useFactory: async () => ({ ...QUICK, ...GENEROUS_STORE, namespace: 'shop-production' }),
        }),
      ],
    });
    expect(opened).toEqual(['shop-staging', 'shop-production']);
  });

  it('is its own where it is given one', async () => {
    const { opened, store } = recorder();
    await boot({ namespace: 'shop' }, 'orders', store);
    await boot(undefined, 'orders', store);
    expect(opened).toEqual(['orders', 'orders']);
  });

  it('is required where others can reach the store and the app has none', async () => {
    for (const schedule of [undefined, {}]) {
      const error = await bootError(boot(schedule));
      expect(error.message).toMatch(
        /^DSCHED_NO_NAMESPACE: .*IdempotentExecutionModule\.forRoot\(\{ store, namespace/,
      );
    }
    const local = { store: memorySnapshots(), cache: redisSnapshotCache({ redis: REDIS }) };
    const error = await bootError(bootWith({ imports: [IdempotentExecutionModule.forRoot(local)] }));
    expect(error.message).toContain('DSCHED_NO_NAMESPACE');
  });

  it('has no part that is missing', async () => {
    const error = await bootError(boot(undefined, 'shop-'));
    expect(error.message).toContain('DSCHED_BAD_OPTION: option namespace is "shop-"');
  });

  it('is not needed in memory', async () => {
    const { app } = await boot(undefined, undefined, memorySnapshots());
    expect(await app.get(IdempotentExecutor).runOnce('order-17', () => 1)).toMatchObject({ kind: 'ran' });
  });

  it('parts the jobs of whatever key, also of one that looks like that of a tick', async () => {
    const store = memorySnapshots().open;
    const shared = store({ clock: new SystemClock(), random: new SeededRandom(1), namespace: '' });
    const source = { open: () => shared };
    const [staging, production] = [
      await boot(undefined, 'staging', source),
      await boot(undefined, 'production', source),
    ];
    for (const key of ['order-17', '550e8400e29b41d4a716446655440000']) {
      expect(await staging.app.get(IdempotentExecutor).runOnce(key, () => 1)).toMatchObject({ kind: 'ran' });
      expect(await production.app.get(IdempotentExecutor).runOnce(key, () => 2)).toMatchObject({ output: 2 });
    }
  });
});

describe('the app of idempotent execution', () => {
  /** A store that all apps of a test share. */
  const sharedStore = () => {
    const parts = { clock: new SystemClock(), random: new SeededRandom(1), namespace: '' };
    const shared = memorySnapshots().open(parts);
    return { open: () => shared };
  };
  const boot = async (given: IdempotentExecutionOptions, schedule?: DistributedScheduleOptions) => {
    const imports = [
      IdempotentExecutionModule.forRoot({ namespace: 'shop', ...given }),
      ...(schedule === undefined
        ? []
        : [DistributedScheduleModule.forRoot({ ...QUICK, ...GENEROUS_STORE, ...schedule })]),
    ];
    const { app } = await bootWith({ imports });
    return app.get(IdempotentExecutor);
  };

  it('parts the jobs of two applications of one namespace', async () => {
    const store = sharedStore();
    const [billing, shipping] = [
      await boot({ store, app: 'billing' }),
      await boot({ store, app: 'shipping' }),
    ];
    for (const key of ['order-17', '550e8400e29b41d4a716446655440000']) {
      expect(await billing.runOnce(key, () => 'billed')).toMatchObject({ kind: 'ran' });
      expect(await shipping.runOnce(key, () => 'shipped')).toMatchObject({ kind: 'ran', output: 'shipped' });
      expect(await shipping.snapshot(key)).toMatchObject({ output: { json: '"shipped"' } });
    }
  });

  it('is one for applications that say so', async () => {
    const store = sharedStore();
    const [api, worker] = [
      await boot({ store, app: 'shop' }, { app: 'shop-api' }),
      await boot({ store, app: 'shop' }, { app: 'shop-worker' }),
    ];
    expect(await api.runOnce('order-17', () => 'api')).toMatchObject({ kind: 'ran' });
    expect(await worker.runOnce('order-17', () => 'worker')).toMatchObject({
      kind: 'replayed',
      output: 'api',
    });
  });

  it('is that of the schedule of the same app', async () => {
    const store = sharedStore();
    await (await boot({ store }, { app: 'billing' })).runOnce('order-17', () => 'billed');
    expect(await (await boot({ store, app: 'billing' })).runOnce('order-17', () => 1)).toMatchObject({
      kind: 'replayed',
    });
    expect(await (await boot({ store }, { app: 'shipping' })).runOnce('order-17', () => 1)).toMatchObject({
      kind: 'ran',
    });
  });

  it('is required where others can reach the store and no schedule names it, whatever the package is called', async () => {
    const cache = redisSnapshotCache({ redis: REDIS });
    for (const given of [{ store: redisSnapshots({ redis: REDIS }) }, { store: memorySnapshots(), cache }]) {
      expect((await bootError(boot(given))).message).toMatch(
        /^DSCHED_NO_APP: .*IdempotentExecutionModule\.forRoot\(\{ store, namespace, app: 'shop-api' \}\)/,
      );
    }
    expect(await (await boot({ store: memorySnapshots() })).runOnce('order-17', () => 1)).toMatchObject({
      kind: 'ran',
    });
  });

  it('is not the stand-in of a schedule that nothing names', () => {
    expect(resolve({}, NOWHERE)).toMatchObject({ app: 'app', knownApp: undefined });
    expect(resolve({})).toMatchObject({ app: 'found', knownApp: 'found' });
  });

  it.each(['', '{shop}', 7])('is no %j', async (app) => {
    const error = await bootError(boot({ store: memorySnapshots(), app: app as string }));
    expect(error.message).toContain('DSCHED_BAD_OPTION: option app of IdempotentExecutionModule is');
  });
});
