import type { Pool, PoolClient } from 'pg';
import { DistributedScheduleError } from '../protocol/errors.js';

/** Which transaction of which server process. */
const WHO_SQL =
  'SELECT pg_backend_pid() AS pid, (extract(epoch FROM now()) * 1000000)::bigint::text AS began_us';

interface Who {
  readonly pid: number;
  readonly began_us: string;
}

interface Asked {
  query(sql: string, values: readonly unknown[]): Promise<readonly unknown[]>;
}

/** Finds the client of a pool that has a transaction which is known by its statements only. */
export class PoolWatch {
  /** By the id of the server process, as the server has named it to the client. */
  private readonly lent = new Map<number, PoolClient>();

  constructor(pool: Pool) {
    pool.on('acquire', (client) => {
      this.lent.set((client as PoolClient & { readonly processID: number }).processID, client);
    });
    pool.on('remove', (client) => {
      this.lent.delete((client as PoolClient & { readonly processID: number }).processID);
    });
  }

  /** @throws DistributedScheduleError DSCHED_STORE_REFUSED when it is not of this pool */
  async clientOf(transaction: Asked): Promise<PoolClient> {
    const [asked] = (await transaction.query(WHO_SQL, [])) as readonly Who[];
    const client = this.lent.get(asked?.pid ?? 0);
    if (client !== undefined && asked !== undefined) {
      // Behind a pooler that number can be another connection's. The instant at which a transaction began tells them apart.
      const { rows } = await client.query<Who>(WHO_SQL);
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
