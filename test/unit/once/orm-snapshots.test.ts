import { describe, expect, it } from 'vitest';
import { drizzleSnapshots } from '../../../libs/distributed-schedule/src/drizzle/drizzle-snapshots.js';
import { knexSnapshots } from '../../../libs/distributed-schedule/src/knex/knex-snapshots.js';
import { mikroOrmSnapshots } from '../../../libs/distributed-schedule/src/mikro-orm/mikro-orm-snapshots.js';
import { transactionSnapshots } from '../../../libs/distributed-schedule/src/postgres/transaction-snapshots.js';
import { prismaSnapshots } from '../../../libs/distributed-schedule/src/prisma/prisma-snapshots.js';
import { ManualClock } from '../../../libs/distributed-schedule/src/testing/manual-clock.js';
import { typeormSnapshots } from '../../../libs/distributed-schedule/src/typeorm/typeorm-snapshots.js';

type Make = (options: object) => unknown;

const ENTRY_POINTS: readonly [string, Make, needs: string][] = [
  ['drizzleSnapshots', drizzleSnapshots as unknown as Make, 'pool'],
  ['knexSnapshots', knexSnapshots as unknown as Make, 'knex'],
  ['mikroOrmSnapshots', mikroOrmSnapshots as unknown as Make, 'em'],
  ['prismaSnapshots', prismaSnapshots as unknown as Make, 'prisma'],
  ['typeormSnapshots', typeormSnapshots as unknown as Make, 'dataSource'],
];

describe.each(ENTRY_POINTS)('%s', (name, make, needs) => {
  it('says which option it lacks, and which it does not have', () => {
    expect(() => make({})).toThrow(`option ${needs} of ${name} is undefined`);
    expect(() => make({ [needs]: {}, lockWait: 1 })).toThrow(`${name} has no option 'lockWait'`);
  });

  it('is as strict about the settings as postgresSnapshots', () => {
    const all = { [needs]: {}, ...(name === 'drizzleSnapshots' ? { drizzle: () => ({}) } : {}) };
    expect(() => make({ ...all, takeoverMs: 0 })).toThrow(
      expect.objectContaining({ code: 'DSCHED_BAD_OPTION' }),
    );
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
});
