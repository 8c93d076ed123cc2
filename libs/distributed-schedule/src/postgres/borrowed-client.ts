import type { Pool, PoolClient } from 'pg';

/**
 * By callback: a server that dies as it greets says so before a promise tells of the connection, and an unheard error ends
 * the process.
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
