/** The cache answers for the database that wrote a success, as long as that remembers it: on a real PostgreSQL and a real Redis. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { describe, expect, it, onTestFinished } from 'vitest';
import { IdempotentExecutor } from '#src/nest/once/idempotent-executor.js';
import type { SnapshotStore } from '#src/once/snapshot-store.js';
import { type PostgresSnapshotOptions, postgresSnapshots } from '#src/postgres/postgres-snapshots.js';
import { redisSnapshotCache } from '#src/redis/once/redis-snapshots.js';
import { SystemClock } from '#src/system/system-clock.js';
import { SystemRandom } from '#src/system/system-random.js';
import { lacksPostgres } from '../../support/lacks-postgres.js';
import { type PostgresServer } from '../../support/postgres-server.js';
import { sharedPostgres, sharedRedis } from '../../support/shared-servers.js';

const ROW = { namespace: 'shop', app: 'billing' };
/** Of a machine with other work. */
const SLACK_MS = 5_000;

describe.skipIf(lacksPostgres('the cache of a database'))('the cache in front of PostgreSQL', () => {
  const server = sharedPostgres();
  const redis = sharedRedis();
  let databases = 0;

  const urlOf = (database: string): string => {
    const url = new URL(server.url);
    url.pathname = `/${database}`;
    return url.href;
  };
  const newDatabase = async (template = 'template1'): Promise<string> => {
    databases += 1;
    const name = `tenant_${databases}`;
    await server.pool().query(`CREATE DATABASE ${name} TEMPLATE ${template}`);
    return name;
  };
  /** One instance; all share the cache. */
  const instance = (
    database: string,
    more: Partial<PostgresSnapshotOptions> = {},
  ): IdempotentExecutor<pg.PoolClient> => {
    const once = new IdempotentExecutor<pg.PoolClient>({
      ...ROW,
      store: postgresSnapshots({ postgres: urlOf(database), migrate: true, ...more }),
      cache: redisSnapshotCache({ redis: redis.url, timeoutMs: 5_000 }),
    });
    open.add(once);
    onTestFinished(() => close(once));
    return once;
  };
  const open = new Set<IdempotentExecutor<pg.PoolClient>>();
  const close = async (once: IdempotentExecutor<pg.PoolClient>): Promise<void> => {
    if (open.delete(once)) await once.onApplicationShutdown();
  };
  const kindOf = async (once: IdempotentExecutor<pg.PoolClient>, key: string): Promise<string> =>
    (await once.runOnce(key, () => 'output')).kind;
  const inDatabase = async (database: string, sql: string): Promise<void> => {
    const client = new pg.Client({ connectionString: urlOf(database) });
    await client.connect();
    await client.query(sql);
    await client.end();
  };

  /** All sessions end and the server recovers, without being started anew. */
  const crashAsOneBackend = async (): Promise<void> => {
    const victim = new pg.Client({ connectionString: server.url });
    victim.on('error', () => {});
    await victim.connect();
    const { rows } = await victim.query<{ pid: number }>('SELECT pg_backend_pid() AS pid');
    const ended = new Promise((resolve) => victim.once('end', resolve));
    process.kill(rows[0]?.pid ?? 0, 'SIGKILL');
    await ended;
    const answers = (): Promise<number> =>
      server
        .pool({ max: 1 })
        .query('SELECT 1')
        .then(
          () => 1,
          () => 0,
        );
    await expect.poll(answers).toBe(1);
  };

  it('does not answer one tenant with the output of another', async () => {
    const [a, b] = [instance(await newDatabase()), instance(await newDatabase())];
    await a.runOnce('order-17', () => 'of a');
    expect(await b.runOnce('order-17', () => 'of b')).toMatchObject({ kind: 'ran', output: 'of b' });
    expect(await a.runOnce('order-17', () => 1)).toMatchObject({ kind: 'replayed', output: 'of a' });
  });

  it('nor one whose schema, table or whole database is a copy', async () => {
    const database = await newDatabase();
    await inDatabase(database, 'CREATE SCHEMA other');
    const mine = instance(database);
    const others = [instance(database, { schema: 'other' }), instance(database, { table: 'other' })];
    await mine.runOnce('order-18', () => 'mine');
    for (const other of others) expect(await kindOf(other, 'order-18')).toBe('ran');
    // A template must not be in use.
    await Promise.all([mine, ...others].map(close));
    const copy = await newDatabase(database);
    await inDatabase(copy, 'TRUNCATE distributed_schedule_snapshot');
    expect(await kindOf(instance(copy), 'order-18')).toBe('ran');
  });

  it('answers every instance of one database without asking the table', async () => {
    const database = await newDatabase();
    await instance(database).runOnce('order-19', () => 'output');
    const reader = instance(database);
    // The first look says which database it is; a row that only the cache has shows who has answered.
    await inDatabase(database, 'DELETE FROM distributed_schedule_snapshot');
    expect(await kindOf(reader, 'order-19')).toBe('replayed');
  });

  it.each([
    ['emptied', 'TRUNCATE distributed_schedule_snapshot'],
    ['made anew', 'DROP TABLE distributed_schedule_snapshot'],
  ])('forgets with a table that is %s', async (_, sql) => {
    const database = await newDatabase();
    await instance(database).runOnce('order-20', () => 'output');
    await inDatabase(database, sql);
    expect(await kindOf(instance(database), 'order-20')).toBe('ran');
  });

  it('does not keep a success that a crash may take back', async () => {
    const database = await newDatabase();
    await inDatabase(database, `ALTER DATABASE ${database} SET synchronous_commit = off`);
    const [writer, reader] = [instance(database), instance(database)];
    expect(await kindOf(writer, 'all')).toBe('ran');
    await inDatabase(database, `ALTER DATABASE ${database} SET synchronous_commit = on`);
    const lasting = instance(database);
    await lasting.runOnce('lasting', () => 'output');
    await lasting.runOnce('local', async (tx) => {
      await tx.query('SET LOCAL synchronous_commit = off');
    });
    await inDatabase(database, 'DELETE FROM distributed_schedule_snapshot');
    expect([
      await kindOf(reader, 'lasting'),
      await kindOf(reader, 'local'),
      await kindOf(reader, 'all'),
    ]).toEqual(['replayed', 'ran', 'ran']);
  });

  it('does not answer with what a crash has taken back', async () => {
    const database = await newDatabase();
    await inDatabase(database, `ALTER DATABASE ${database} SET synchronous_commit = off`);
    await server.pool().query("ALTER SYSTEM SET wal_writer_delay = '10s'");
    await server.pool().query('SELECT pg_reload_conf()');
    onTestFinished(async () => {
      await server.pool().query('ALTER SYSTEM RESET wal_writer_delay');
    });
    const once = instance(database);
    await once.runOnce('first', () => 'output');
    await server.pool().query('CHECKPOINT');
    let rounds = 0;
    const isLost = async (): Promise<boolean> => {
      rounds += 1;
      await once.runOnce(`order-${rounds}`, () => 'output');
      await crashAsOneBackend();
      return (await once.snapshot(`order-${rounds}`)) === undefined;
    };
    // Now and then somebody else has written the log out meanwhile.
    while (!(await isLost())) if (rounds > 20) throw new Error('the server has lost nothing');
    expect(await kindOf(once, `order-${rounds}`)).toBe('ran');
    expect(await kindOf(once, 'first')).toBe('replayed');
  });

  it('stops answering while an instance runs, 5 s after the table has forgotten', async () => {
    const database = await newDatabase();
    const once = instance(database);
    await once.runOnce('order-22', () => 'output');
    await inDatabase(database, 'TRUNCATE distributed_schedule_snapshot');
    const sinceMs = performance.now();
    await expect.poll(() => kindOf(once, 'order-22')).toBe('ran');
    expect(performance.now() - sinceMs).toBeLessThan(5_000 + SLACK_MS);
  });

  it('takes a broken entry for none', async () => {
    const database = await newDatabase();
    const once = instance(database);
    await once.runOnce('order-21', () => ({ sum: 7 }));
    const client = redis.client();
    const keys = await client.keys('shop:done:*');
    const texts = new Map(await Promise.all(keys.map(async (key) => [key, await client.get(key)] as const)));
    const key = keys.find((one) => texts.get(one)?.includes('sum')) ?? '';
    const text = texts.get(key) ?? '';
    const broken = [
      text.slice(0, -9),
      text.replace('"{\\"sum\\":7}"', '"{\\"sum\\":"'),
      text.replace('"{\\"sum\\":7}"', '7'),
      text.replace('"attempt":1', '"attempt":"1"'),
      text.replace('"output":{', '"output":null,"was":{'),
    ];
    for (const entry of broken) {
      expect(entry).not.toBe(text);
      await client.set(key, entry);
      expect(await instance(database).runOnce('order-21', () => 1)).toMatchObject({
        kind: 'replayed',
        output: { sum: 7 },
      });
    }
  });

  describe('by the identity of its store', () => {
    const closed = new Set<object>();
    const closeOnce = (store: Pick<SnapshotStore, 'close'>) => async () => {
      if (closed.has(store)) return;
      closed.add(store);
      await store.close();
    };
    const storeIn = (database: string, user = 'schedule') => {
      const url = new URL(urlOf(database));
      url.username = user;
      const store = postgresSnapshots({ postgres: url.href, migrate: user === 'schedule' }).open({
        ...{ clock: new SystemClock(), random: new SystemRandom(), namespace: 'shop' },
      });
      onTestFinished(closeOnce(store));
      return store;
    };
    const identityOf = async (store: Pick<SnapshotStore, 'identify'>): Promise<string | undefined> => {
      const reply = await store.identify?.();
      return reply?.answered === true ? reply.identity : undefined;
    };

    it('knows it by its own words, the server that has started, the timeline and the system', async () => {
      const database = await newDatabase();
      const [mine, yours] = [storeIn(database), storeIn(database)];
      const identity = await identityOf(mine);
      expect(await identityOf(yours)).toBe(identity);
      const { rows } = await server.pool().query('SELECT system_identifier AS id FROM pg_control_system()');
      expect(identity).toMatch(
        /^postgres \d+ "public"."distributed_schedule_snapshot" \d+ \d+ .*, store [0-9a-f]{32} \d{16} 00000001 /,
      );
      expect(identity).toContain(` ${rows[0].id}`);
      await Promise.all([closeOnce(mine)(), closeOnce(yours)()]);
      expect(await identityOf(storeIn(await newDatabase(database)))).not.toBe(identity);
    });

    it('makes do without what its role may not ask', async () => {
      const database = await newDatabase();
      const mine = storeIn(database);
      expect(await identityOf(mine)).toBeDefined();
      await inDatabase(
        database,
        `CREATE ROLE clerk LOGIN; REVOKE EXECUTE ON FUNCTION pg_control_system FROM PUBLIC;
         REVOKE EXECUTE ON FUNCTION pg_walfile_name(pg_lsn) FROM PUBLIC`,
      );
      const clerk = storeIn(database, 'clerk');
      const identity = await identityOf(clerk);
      expect(identity).toMatch(/, store [0-9a-f]{32} \d{16}$/);
      expect(await identityOf(clerk)).toBe(identity);
    });

    it('has none without a table', async () => {
      const store = postgresSnapshots({ postgres: urlOf(await newDatabase()) }).open({
        ...{ clock: new SystemClock(), random: new SystemRandom(), namespace: 'shop' },
      });
      onTestFinished(() => store.close());
      expect(await store.identify?.()).toEqual({ answered: false, reason: 'no table, or a standby' });
    });

    it('is another one after a crash, and none while it is a standby, and another one after its promotion', async () => {
      const database = await newDatabase();
      const store = storeIn(database);
      const first = await identityOf(store);
      await server.kill();
      expect(await identityOf(store)).toBeUndefined();
      writeFileSync(join((server as PostgresServer & { readonly data: string }).data, 'standby.signal'), '');
      // It is ready, in the words that are waited for, once it is promoted.
      const started = server.start();
      await expect.poll(() => store.identify?.()).toMatchObject({ reason: 'no table, or a standby' });
      await server.pool().query('SELECT pg_promote()');
      await started;
      await expect.poll(() => identityOf(store)).toMatch(/ \d{16} 00000002 /);
      expect(await identityOf(store)).not.toBe(first);
    });
  });
});
