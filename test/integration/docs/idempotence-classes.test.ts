/** The other blocks of docs/idempotence.md, as they stand there, on a real PostgreSQL and a real Redis. */

import type { Type } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import { Redis } from 'ioredis';
import type { TickContext } from 'nestjs-distributed-schedule';
import {
  createTickContext,
  DistributedScheduleTestingModule,
  ScheduleHarness,
} from 'nestjs-distributed-schedule/testing';
import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { lacksPostgres } from '../../support/lacks-postgres.js';
import { type PostgresServer, startPostgres } from '../../support/postgres-server.js';
import { type RedisServer, startRedis } from '../../support/redis-server.js';
import { PageFolder } from '../../support/run-page.js';

/** The library and an ORM are loaded inside of the tests, on a busy machine. */
vi.setConfig({ testTimeout: 120_000 });

describe.skipIf(lacksPostgres('docs/idempotence.md'))('docs/idempotence.md', () => {
  const folder = new PageFolder(['idempotence.md']);
  let postgres: PostgresServer;
  let redis: RedisServer;
  let pool: Pool;
  let client: Redis;

  beforeAll(async () => {
    [postgres, redis] = await Promise.all([startPostgres(), startRedis()]);
    pool = postgres.pool();
    client = new Redis(redis.port);
    await pool.query(`CREATE TABLE account (id INTEGER, balance INTEGER, fee INTEGER, fence BIGINT, fence_claim TEXT);
      INSERT INTO account VALUES (1, 100, 5)`);
  });

  afterAll(async () => {
    folder.remove();
    client.disconnect();
    await Promise.all([postgres.stop(), redis.stop()]);
  });

  const balance = async (): Promise<unknown> =>
    (await pool.query('SELECT balance FROM account')).rows[0]?.balance;

  it('shows an app that takes the fee once for each tick', async () => {
    process.env.DATABASE_URL = postgres.url;
    process.env.CACHE_URL = `redis://127.0.0.1:${redis.port}`;
    const { AppModule } = await folder.load<{ AppModule: Type }>('idempotence/src/app.module.ts');
    const testing = await Test.createTestingModule({
      imports: [AppModule, DistributedScheduleTestingModule],
    }).compile();
    const app = await testing.createNestApplication({ logger: false }).init();
    expect(await app.get(ScheduleHarness).tick('settle')).toMatchObject({ outcome: 'success' });
    expect(await balance()).toBe(95);
    await app.close();
  });

  it('shows how old snapshots are removed', async () => {
    const { migration, Pruning } = await folder.load<{
      migration: string;
      Pruning: new (pool: Pool) => { prune(): Promise<unknown> };
    }>('idempotence/src/prune.ts');
    await pool.query(migration);
    expect(await new Pruning(pool).prune()).toBe(0);
  });

  it('shows fences that refuse a stale holder', async () => {
    const { write, byHand } = await folder.load<{
      byHand: string;
      write(pool: Pool, redis: Redis, tick: TickContext): Promise<unknown>;
    }>('idempotence/src/fences.ts');
    const [newer, older] = [
      createTickContext({ fencingToken: 2_000 }),
      createTickContext({ fencingToken: 1_000 }),
    ];
    expect(await write(pool, client, newer)).toMatchObject({ kind: 'written' });
    expect(await write(pool, client, older)).toMatchObject({ kind: 'stale' });
    const late = await pool.query(byHand, [1, older.fencingToken, older.claimId, 1]);
    expect([late.rowCount, await balance(), await client.hget('price', 'value')]).toEqual([0, 7, '7']);
  });
});
