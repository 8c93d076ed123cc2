/** A real PostgreSQL of a test's own: a new cluster in a temporary folder, on a free port. It has no test framework in it. */

import { type ChildProcess, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chownSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import pg from 'pg';
import { findPostgresBin } from '../../scripts/ensure-postgres.mjs';
import { accountOfServer, type ServerAccount } from './database-account.js';
import { freePort } from './free-port.js';
import { killAtExit, removeFolder, temporaryFolder } from './leftovers.js';

const run = promisify(execFile);

export interface PostgresServer {
  readonly port: number;
  /** Of its one superuser, without a password. */
  readonly url: string;
  /** Undefined while the server is down. */
  readonly pid: number | undefined;
  /** A pool for the test itself, closed by `stop`. */
  pool(config?: pg.PoolConfig): pg.Pool;
  /** Ends the server as kill -9 does, connections and all. Committed data stay. */
  kill(): Promise<void>;
  /** Starts a killed server again. It recovers first. */
  start(): Promise<void>;
  /** Ends the server, closes the pools and removes the folder. For `afterAll`. */
  stop(): Promise<void>;
}

const READY_WITHIN_MS = 60_000;
const PORT_ATTEMPTS = 10;
const CHILDREN_END_WITHIN_MS = 20_000;
const RETRY_EVERY_MS = 50;
const CHILDREN_ALIVE = /shared memory block .* is still in use|lock file .* already exists/;
const READY = 'database system is ready to accept connections';
const USER = 'schedule';

/**
 * Starts a server and resolves when it accepts connections. `POSTGRES_BIN` names the folder of its programs.
 * @param env of the server itself, such as that of a ClockShim
 */
export async function startPostgres(env?: NodeJS.ProcessEnv): Promise<PostgresServer> {
  const bin = findPostgresBin();
  if (bin === undefined)
    throw new Error('PostgreSQL is not on this machine: run node scripts/ensure-postgres.mjs');
  const folder = temporaryFolder('postgres-test');
  const account = accountOfServer();
  if (account !== undefined) chownSync(folder, account.uid, account.gid);
  const data = join(folder, 'data');
  const options = ['--auth=trust', `--username=${USER}`, '--encoding=UTF8', '--no-locale', '--no-sync'];
  await run(join(bin, 'initdb'), ['-D', data, ...options], { ...account, cwd: folder, env: plainEnv() });
  const server = new ServerProcess(join(bin, 'postgres'), folder, data, { account, env });
  try {
    await server.startOnFreePort();
  } catch (error) {
    await server.stop();
    throw error;
  }
  return server;
}

/** Whoever runs the tests may have a database of their own in mind. */
function plainEnv(env: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('PG')));
}

class ServerProcess implements PostgresServer {
  port = 0;
  private child: ChildProcess | undefined;
  private log = '';
  private readonly pools: pg.Pool[] = [];

  constructor(
    readonly program: string,
    readonly folder: string,
    readonly data: string,
    readonly as: { readonly account: ServerAccount | undefined; readonly env: NodeJS.ProcessEnv | undefined },
  ) {}

  get url(): string {
    return `postgres://${USER}@127.0.0.1:${this.port}/postgres`;
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  async startOnFreePort(): Promise<void> {
    for (let attempt = 1; ; attempt += 1) {
      this.port = await freePort();
      try {
        return await this.launch();
      } catch (error) {
        // Somebody else took the port between the choice and the bind.
        if (attempt === PORT_ATTEMPTS || !this.log.includes('could not bind')) throw error;
      }
    }
  }

  async start(): Promise<void> {
    const deadlineMs = performance.now() + CHILDREN_END_WITHIN_MS;
    for (;;) {
      try {
        return await this.launch();
      } catch (error) {
        // The children of a server that was killed end when they notice; until then its memory is in use.
        if (!CHILDREN_ALIVE.test(this.log) || performance.now() > deadlineMs) throw error;
        await sleep(RETRY_EVERY_MS);
      }
    }
  }

  private async launch(): Promise<void> {
    const settings = [
      'listen_addresses=127.0.0.1',
      `unix_socket_directories=${this.folder}`,
      'max_connections=60',
    ];
    // Tests kill the server, never the machine: what is written has arrived.
    settings.push('fsync=off', 'full_page_writes=off', 'log_min_messages=warning', 'restart_after_crash=on');
    const args = [
      '-D',
      this.data,
      '-p',
      String(this.port),
      ...settings.flatMap((setting) => ['-c', setting]),
    ];
    const child = spawn(this.program, args, {
      ...this.as.account,
      cwd: this.folder,
      env: { ...plainEnv(this.as.env), LC_ALL: 'C' },
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    killAtExit(child);
    this.child = child;
    await this.untilReady(child);
  }

  pool(config: pg.PoolConfig = {}): pg.Pool {
    const pool = new pg.Pool({ connectionString: this.url, ...config });
    pool.on('error', () => {});
    this.pools.push(pool);
    return pool;
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.child;
    this.child = undefined;
    if (child?.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    await ended;
  }

  async stop(): Promise<void> {
    await this.kill('SIGQUIT');
    // Not awaited: a connection that a test has not given back would be waited for in vain.
    for (const pool of this.pools.splice(0)) pool.end().catch(() => {});
    removeFolder(this.folder);
  }

  /** By the server's own words: a connection could reach another server on the same port. */
  private async untilReady(child: ChildProcess): Promise<void> {
    this.log = '';
    await new Promise<void>((resolve, reject) => {
      const fail = (why: string): void => reject(new Error(`PostgreSQL ${why}:\n${this.log}`));
      const late = setTimeout(() => fail(`was not ready within ${READY_WITHIN_MS} ms`), READY_WITHIN_MS);
      child.once('error', (error) => fail(error.message));
      child.once('exit', () => {
        clearTimeout(late);
        fail('has ended');
      });
      child.stderr?.on('data', (chunk) => {
        this.log = `${this.log}${chunk}`.slice(-20_000);
        if (!this.log.includes(READY)) return;
        clearTimeout(late);
        resolve();
      });
    });
  }
}
