import type { Pool } from 'pg';
import type { SnapshotSource } from '../once/snapshot-store.js';
import { snapshotsOf, type TransactionSnapshotOptions } from '../postgres/transaction-snapshots.js';
import type { TransactionConnection, Transactions } from '../postgres/transactions.js';
import { PoolWatch } from './pool-watch.js';

/** What a generated client of Prisma gives to the function of its `$transaction`. */
export type PrismaTransaction<Client> = Client extends {
  $transaction(work: (tx: infer Tx) => Promise<never>, options?: never): unknown;
}
  ? Tx
  : never;

export interface PrismaSnapshotOptions<Client> extends TransactionSnapshotOptions {
  /** A generated client over PostgreSQL. It stays the caller's to disconnect. */
  readonly prisma: Client;
  /** The pool of `new PrismaPg(pool)`: with it the store refuses below Prisma what an effect may not do. Not for a pooler. */
  readonly pool?: Pool;
}

/**
 * Snapshots in the database of a Prisma client: the effect gets its interactive transaction.
 *
 * ```ts
 * const pool = new Pool({ connectionString });
 * const prisma = new PrismaClient({ adapter: new PrismaPg(pool) });
 * IdempotentExecutionModule.forRoot({ store: prismaSnapshots({ prisma, pool, migrate: true }) })
 * ```
 * @throws DistributedScheduleError DSCHED_UNKNOWN_OPTION, DSCHED_BAD_OPTION
 */
export function prismaSnapshots<Client>(
  options: PrismaSnapshotOptions<Client>,
): SnapshotSource<PrismaTransaction<Client>> {
  const { prisma, pool } = options;
  const own = { required: { prisma: '$transaction' }, optional: ['pool'] };
  const source = snapshotsOf('prismaSnapshots', options, own, () =>
    prismaTransactions(prisma as InteractiveClient, pool),
  );
  return source as SnapshotSource<PrismaTransaction<Client>>;
}

interface InteractiveClient {
  $transaction(
    work: (tx: RawClient) => Promise<void>,
    options: { readonly isolationLevel: string; readonly maxWait: number; readonly timeout: number },
  ): Promise<void>;
}

interface RawClient {
  $queryRawUnsafe(sql: string, ...values: readonly unknown[]): Promise<unknown>;
}

/** Prisma has limits of its own, of 2 and 5 s. Those of the store and of the run are meant. */
const MAX_MS = 86_400_000;

function prismaTransactions(prisma: InteractiveClient, pool: Pool | undefined): Transactions<RawClient> {
  const watch = pool === undefined ? undefined : new PoolWatch(pool);
  return {
    transaction: (isolation, work) => {
      const isolationLevel = isolation.replaceAll(/\b ?([a-z])/g, (word) => word.trim().toUpperCase());
      return prisma.$transaction(work, { isolationLevel, maxWait: MAX_MS, timeout: MAX_MS });
    },
    connection: async (tx) => {
      const connection: TransactionConnection = {
        query: async (sql, values) =>
          (await tx.$queryRawUnsafe(sql, ...values.map(asText))) as readonly unknown[],
      };
      return watch === undefined ? connection : { client: await watch.clientOf(connection) };
    },
    original: prismaOriginal,
  };
}

/** Prisma would send a number as 32 bits, or with a fraction. Every parameter has a type in the SQL. */
function asText(value: unknown): unknown {
  return typeof value === 'number' ? String(value) : (value ?? null);
}

/** What PostgreSQL said, beneath an error of Prisma. Its own codes, such as P2010, look like those of PostgreSQL. */

/** A write conflict or a deadlock. */
const CONFLICT = 'P2034';
const SERIALISATION_FAILURE = '40001';

/** Of the adapter, for a connection that is lost. Prisma's own code may be that of any raw query, P2010. */
const NO_CONNECTION: ReadonlySet<unknown> = new Set([
  'ConnectionClosed',
  'DatabaseNotReachable',
  'SocketTimeout',
  'TlsConnectionError',
]);

interface AdapterCause {
  readonly originalCode?: unknown;
  readonly originalMessage?: unknown;
  readonly code?: unknown;
  readonly kind?: unknown;
}

export function prismaOriginal(error: unknown): unknown {
  const { code, meta, cause } = (error ?? {}) as {
    readonly code?: unknown;
    readonly meta?: { readonly driverAdapterError?: { readonly cause?: AdapterCause } };
    readonly cause?: AdapterCause;
  };
  const said = meta?.driverAdapterError?.cause ?? cause;
  const original = said?.originalCode ?? (said?.kind === 'postgres' ? said.code : undefined);
  if (typeof original === 'string') return asServerError(original, error);
  if (NO_CONNECTION.has(said?.kind))
    return Object.assign(new Error('no connection'), { code: 'CONNECTION_ENDED' });
  return code === CONFLICT ? asServerError(SERIALISATION_FAILURE, error) : undefined;
}

function asServerError(code: string, cause: unknown): Error {
  return Object.assign(new Error(`PostgreSQL said ${code}`, { cause }), { code, severity: 'ERROR' });
}
