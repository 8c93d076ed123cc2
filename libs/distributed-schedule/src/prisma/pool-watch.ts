import type { Pool, PoolClient } from 'pg';
import { BACKEND_SQL, type Backend } from '../postgres/backend.js';
import { hearConnections } from '../postgres/pool-clients.js';
import { DistributedScheduleError } from '../protocol/contract/errors.js';

interface Asked {
  query(sql: string, values: readonly unknown[]): Promise<readonly unknown[]>;
}

export class PoolWatch {
  private readonly lent = new Map<number, PoolClient>();

  constructor(pool: Pool) {
    hearConnections(pool);
    pool.on('acquire', (client) => {
      this.lent.set((client as PoolClient & { readonly processID: number }).processID, client);
    });
    pool.on('remove', (client) => {
      this.lent.delete((client as PoolClient & { readonly processID: number }).processID);
    });
  }

  /** @throws DistributedScheduleError DSCHED_STORE_REFUSED when it is not of this pool */
  async clientOf(transaction: Asked): Promise<PoolClient> {
    const [asked] = (await transaction.query(BACKEND_SQL, [])) as readonly Backend[];
    const client = this.lent.get(asked?.pid ?? 0);
    if (client !== undefined && asked !== undefined) {
      const { rows } = await client.query<Backend>(BACKEND_SQL);
      if (rows[0]?.pid === asked.pid && rows[0].began_us === asked.began_us) return client;
    }
    throw new DistributedScheduleError(
      'DSCHED_STORE_REFUSED',
      'option pool of prismaSnapshots is not the pool that the client of Prisma has its connections of. Make both of one: ' +
        'new PrismaClient({ adapter: new PrismaPg(pool) }). Through a pooler leave the option out',
      { value: 'pool' },
    );
  }
}
