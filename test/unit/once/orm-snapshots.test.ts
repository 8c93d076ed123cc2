import { describe, expect, it } from 'vitest';
import { drizzleSnapshots } from '#src/drizzle/drizzle-snapshots.js';
import { knexSnapshots } from '#src/knex/knex-snapshots.js';
import { mikroOrmSnapshots } from '#src/mikro-orm/mikro-orm-snapshots.js';
import { transactionSnapshots } from '#src/postgres/transaction-snapshots.js';
import { prismaSnapshots } from '#src/prisma/prisma-snapshots.js';
import { ManualClock } from '#src/testing/manual-clock.js';
import { typeormSnapshots } from '#src/typeorm/typeorm-snapshots.js';

type Make = (options: object) => unknown;

const ENTRY_POINTS: readonly [string, Make, needs: string, method: string][] = [
  ['drizzleSnapshots', drizzleSnapshots as unknown as Make, 'pool', 'connect'],
  ['knexSnapshots', knexSnapshots as unknown as Make, 'knex', 'transaction'],
  ['mikroOrmSnapshots', mikroOrmSnapshots as unknown as Make, 'em', 'fork'],
  ['prismaSnapshots', prismaSnapshots as unknown as Make, 'prisma', '$transaction'],
  ['typeormSnapshots', typeormSnapshots as unknown as Make, 'dataSource', 'createQueryRunner'],
];

describe.each(ENTRY_POINTS)('%s', (name, make, needs, method) => {
  it('says which option it lacks, and which it does not have', () => {
    expect(() => make({})).toThrow(`option ${needs} of ${name} is undefined`);
    expect(() => make({ [needs]: {}, lockWait: 1 })).toThrow(`${name} has no option 'lockWait'`);
  });

  it('refuses the options of an ORM in the place of the ORM', () => {
    expect(() => make({ [needs]: { client: 'pg' } })).toThrow(
      `option ${needs} of ${name} is object without ${method}(); it takes what docs/idempotence.md shows`,
    );
  });

  it('is as strict about the settings as postgresSnapshots', () => {
    const all = {
      [needs]: { [method]: () => ({}) },
      ...(name === 'drizzleSnapshots' ? { drizzle: () => ({}) } : {}),
    };
    expect(() => make({ ...all, takeoverMs: 0 })).toThrow(
      expect.objectContaining({ code: 'DSCHED_BAD_OPTION' }),
    );
  });
});

it('drizzleSnapshots refuses a database in the place of the function that makes it', () => {
  const options = { pool: { connect: () => undefined }, drizzle: { transaction: () => undefined } };
  expect(() => drizzleSnapshots(options as never)).toThrow(
    'option drizzle of drizzleSnapshots is object; it takes',
  );
});

describe('typeormSnapshots', () => {
  it('says at once that its DataSource was not initialized', async () => {
    const dataSource = { isInitialized: false, createQueryRunner: () => undefined };
    const parts = {
      clock: new ManualClock(),
      random: { id: () => 'x', fraction: () => 0 },
      namespace: 'test',
    };
    const store = typeormSnapshots({ dataSource } as never).open(parts as never);
    await expect(store.begin({ jobId: 'a'.repeat(32), attemptId: 'a' })).rejects.toMatchObject({
      code: 'DSCHED_STORE_REFUSED',
      message: expect.stringContaining('await dataSource.initialize() before the first runOnce'),
    });
  });
});

describe('transactionSnapshots', () => {
  const parts = { clock: new ManualClock(), random: { id: () => 'x', fraction: () => 0 }, namespace: 'test' };
  const jobId = 'a'.repeat(32);

  it('refuses an ORM that has no client of pg beneath, and does not ask it again and again', async () => {
    const store = transactionSnapshots({
      transaction: async (_isolation, work) => work({}),
      connection: () => ({ client: undefined as never }),
    }).open(parts as never);
    const refused = expect.objectContaining({
      code: 'DSCHED_STORE_REFUSED',
      message: expect.stringContaining('no client of the package pg beneath'),
    });
    await expect(store.begin({ jobId, attemptId: 'a' })).rejects.toEqual(refused);
    await expect(store.read(jobId)).rejects.toEqual(refused);
  });

  it('asks again where an ORM gives no transaction, whatever its error says', async () => {
    const store = transactionSnapshots({
      transaction: async () => {
        throw Object.assign(new Error('Timeout acquiring a connection. The pool is probably full'), {
          code: 'P2028',
        });
      },
      connection: () => ({ query: async () => [] }),
    }).open(parts as never);
    expect(await store.begin({ jobId, attemptId: 'a' })).toEqual({
      kind: 'unreachable',
      reason: 'NO_CONNECTION',
    });
  });

  it('names the code of the system where an ORM could not connect', async () => {
    const refused = Object.assign(new Error('connect'), { code: 'ECONNREFUSED' });
    const store = transactionSnapshots({
      transaction: async () => {
        throw new Error('of the ORM', { cause: refused });
      },
      connection: () => ({ query: async () => [] }),
    }).open(parts as never);
    expect(await store.begin({ jobId, attemptId: 'a' })).toEqual({
      kind: 'unreachable',
      reason: 'ECONNREFUSED',
    });
  });

  it('is not asked again once the application has closed it', async () => {
    const store = transactionSnapshots({
      transaction: async () => {
        throw new Error('the pool has ended');
      },
      connection: () => ({ query: async () => [] }),
    }).open(parts as never);
    await store.close();
    await expect(store.begin({ jobId, attemptId: 'a' })).rejects.toMatchObject({
      code: 'DSCHED_STORE_UNREACHABLE',
      message: expect.stringContaining(
        '(closed with its application); the effect did not run: await runOnce',
      ),
    });
  });
});
