/** What docs/idempotence.md shows of each ORM, as it stands there: the order is paid once, however often it is asked for. */

import { Global, Module, type ModuleMetadata } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import knexOver from 'knex';
import { IdempotentExecutor } from 'nestjs-distributed-schedule';
import type { Pool } from 'pg';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { lacksPostgres } from '../../support/lacks-postgres.js';
import { type PostgresServer, startPostgres } from '../../support/postgres-server.js';
import { PageFolder } from '../../support/run-page.js';

const BALANCE = 100;
const PRICE = 5;

type Import = NonNullable<ModuleMetadata['imports']>[number];

interface OncePage {
  readonly onceModule: Import & ((connection: unknown) => Import);
  readonly pay: (once: unknown) => Promise<{ kind: string }>;
  readonly Account?: new () => object;
}

/** What a block needs that stands elsewhere in an app: its connection, and how that ends. */
interface Around {
  readonly imports: readonly Import[];
  close(): Promise<unknown>;
}

/** Where an ORM is injected, a module of the app gives it to all others. */
function providing(token: abstract new (...args: never[]) => object, value: object): Import {
  @Global()
  @Module({ providers: [{ provide: token, useValue: value }], exports: [token] })
  class OrmModule {}
  return OrmModule;
}

const ORMS: Readonly<Record<string, (page: OncePage, url: string, pool: Pool) => Promise<Around>>> = {
  knex: async ({ onceModule }, url) => {
    const knex = knexOver({ client: 'pg', connection: url });
    return { imports: [onceModule(knex)], close: () => knex.destroy() };
  },
  typeorm: async ({ onceModule, Account }, url) => {
    const { DataSource } = await import('typeorm');
    const dataSource = new DataSource({
      type: 'postgres',
      url,
      entities: Account === undefined ? [] : [Account],
    });
    await dataSource.initialize();
    return { imports: [providing(DataSource, dataSource), onceModule], close: () => dataSource.destroy() };
  },
  drizzle: async ({ onceModule }, _url, pool) => ({
    imports: [onceModule(pool)],
    close: async () => undefined,
  }),
  'mikro-orm': async ({ onceModule, Account }, url) => {
    const { MikroORM } = await import('@mikro-orm/postgresql');
    const orm = await MikroORM.init({ clientUrl: url, entities: Account === undefined ? [] : [Account] });
    return { imports: [providing(MikroORM, orm), onceModule], close: () => orm.close(true) };
  },
};

/** The library and an ORM are loaded inside of the tests, on a busy machine. */
vi.setConfig({ testTimeout: 120_000 });

describe.skipIf(lacksPostgres('docs/idempotence.md'))('docs/idempotence.md', () => {
  const folder = new PageFolder(['idempotence.md']);
  let server: PostgresServer;

  beforeAll(async () => {
    server = await startPostgres();
  });

  afterAll(async () => {
    folder.remove();
    await server.stop();
  });

  it('shows an ORM in each of its blocks', () => {
    const blocks = folder.files.flatMap((file) => /once\.(.+)\.ts$/.exec(file)?.[1] ?? []);
    // A client of Prisma is generated: its suite is test/conformance/snapshot-store.prisma.postgres.test.ts.
    expect(blocks.filter((orm) => orm !== 'prisma').sort()).toEqual(Object.keys(ORMS).sort());
  });

  it.each(Object.entries(ORMS))('pays once with %s', async (orm, around) => {
    const pool = server.pool();
    await pool.query(`DROP TABLE IF EXISTS account, distributed_schedule_snapshot;
      CREATE TABLE account (id INTEGER PRIMARY KEY, balance INTEGER); INSERT INTO account VALUES (17, ${BALANCE})`);
    const page = await folder.load<OncePage>(`idempotence/src/once.${orm}.ts`);
    const { imports, close } = await around(page, server.url, pool);
    const app = await Test.createTestingModule({ imports: [...imports] }).compile();
    await app.init();
    const once = app.get(IdempotentExecutor);
    expect([(await page.pay(once)).kind, (await page.pay(once)).kind]).toEqual(['ran', 'replayed']);
    const { rows } = await pool.query('SELECT balance FROM account');
    expect(rows).toEqual([{ balance: BALANCE - PRICE }]);
    await app.close();
    await close();
  });
});
