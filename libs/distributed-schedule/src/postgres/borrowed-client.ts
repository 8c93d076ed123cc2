import type { Pool, PoolClient } from 'pg';

/**
 * A connection of the pool, with somebody who hears its errors from the first moment. By callback: a server that dies as it greets says so in
 * the same piece of bytes, before anybody who waits for a promise is told of the connection, and an error that nobody hears ends the process.
 * @param hear is to listen before it returns
 */
export function borrowClient<Borrowed>(
  pool: Pool,
  hear: (client: PoolClient) => Borrowed,
): Promise<Borrowed> {
  return new Promise((resolve, reject) => {
    pool.connect((error, client) => {
      if (client === undefined) reject(error);
      else resolve(hear(client));
    });
  });
}
