/** A real pgbouncer of a test's own, in front of a PostgreSQL of a test's own. It has no test framework in it. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import { findPgbouncer } from '../../scripts/ensure-pgbouncer.mjs';
import { accountOfServer } from './database-account.js';
import { freePort } from './free-port.js';
import { killAtExit, removeFolder, temporaryFolder } from './leftovers.js';

export type PoolMode = 'session' | 'transaction' | 'statement';

export interface Pgbouncer {
  /** Of the server's superuser, through the pooler. */
  readonly url: string;
  /** A pool for the test itself, closed by `stop`. */
  pool(config?: pg.PoolConfig): pg.Pool;
  stop(): Promise<void>;
}

const READY_WITHIN_MS = 20_000;
const PORT_ATTEMPTS = 10;
const READY = 'process up';

/**
 * Starts it and resolves when it accepts connections.
 * @param size of its pool: so many connections to the server at most
 */
export async function startPgbouncer(
  serverUrl: string,
  { mode, size = 20 }: { readonly mode: PoolMode; readonly size?: number },
): Promise<Pgbouncer> {
  const program = findPgbouncer();
  if (program === undefined) throw new Error('pgbouncer is not here: run node scripts/ensure-pgbouncer.mjs');
  const server = new URL(serverUrl);
  const folder = temporaryFolder('pgbouncer-test');
  const account = accountOfServer();
  if (account !== undefined) chownSync(folder, account.uid, account.gid);
  writeFileSync(join(folder, 'users.txt'), `"${server.username}" ""\n`);
  for (let attempt = 1; ; attempt += 1) {
    const port = await freePort();
    const file = join(folder, 'pgbouncer.ini');
    writeFileSync(file, configuration(folder, server, { port, mode, size }));
    const child = spawn(program, [file], { ...account, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
    killAtExit(child);
    try {
      await untilReady(child);
      return running(child, folder, `postgres://${server.username}@127.0.0.1:${port}/postgres`);
    } catch (error) {
      // Somebody else took the port between the choice and the bind.
      if (attempt === PORT_ATTEMPTS) throw error;
    }
  }
}

function configuration(
  folder: string,
  server: URL,
  { port, mode, size }: { readonly port: number; readonly mode: PoolMode; readonly size: number },
): string {
  return `
[databases]
* = host=${server.hostname} port=${server.port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = ${port}
unix_socket_dir =
auth_type = trust
auth_file = ${join(folder, 'users.txt')}
pool_mode = ${mode}
default_pool_size = ${size}
max_client_conn = 200
`;
}

function running(child: ChildProcess, folder: string, url: string): Pgbouncer {
  const pools: pg.Pool[] = [];
  return {
    url,
    pool(config = {}) {
      const pool = new pg.Pool({ connectionString: url, ...config });
      pool.on('error', () => {});
      pools.push(pool);
      return pool;
    },
    async stop() {
      const ended = once(child, 'exit');
      child.kill('SIGKILL');
      await ended;
      // Not awaited: a connection that a test has not given back would be waited for in vain.
      for (const pool of pools) pool.end().catch(() => {});
      removeFolder(folder);
    },
  };
}

/** By its own words: a connection could reach another server on the same port. */
async function untilReady(child: ChildProcess): Promise<void> {
  let log = '';
  await new Promise<void>((resolve, reject) => {
    const fail = (why: string): void => {
      child.kill('SIGKILL');
      reject(new Error(`pgbouncer ${why}:\n${log}`));
    };
    const late = setTimeout(() => fail(`was not ready within ${READY_WITHIN_MS} ms`), READY_WITHIN_MS);
    child.once('error', (error) => fail(error.message));
    child.once('exit', () => {
      clearTimeout(late);
      fail('has ended');
    });
    child.stderr?.on('data', (chunk) => {
      log = `${log}${chunk}`.slice(-20_000);
      if (!log.includes(READY)) return;
      clearTimeout(late);
      resolve();
    });
  });
}
