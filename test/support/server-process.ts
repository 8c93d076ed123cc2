import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { killAtExit, removeFolder, temporaryFolder } from './leftovers.js';
import { commandIn, HERE, type Place } from './place.js';
import { EndedEarly, hasEnded, until, untilReady } from './server-readiness.js';
import { drawPort } from './test-port.js';

/** A real `redis-server` process that a test starts, hurts and stops. It has no test framework in it. */
export interface RedisServer {
  readonly port: number;
  /** With the password, if there is one. */
  readonly url: string;
  /** Undefined while the process is down. */
  readonly pid: number | undefined;
  /** Ends the process and waits for its end; files stay. */
  kill(signal?: NodeJS.Signals): Promise<void>;
  /** Starts a killed server on its port again, with whatever its directory holds. */
  start(): Promise<void>;
  /** Writes an RDB file now. */
  save(): Promise<void>;
  /** Saves, kills and starts again: same data, other process. */
  restart(): Promise<void>;
  /** Kills and starts again without any data. */
  restartEmpty(): Promise<void>;
  /** Freezes the process: sockets stay open, nothing answers. */
  pause(): void;
  resume(): void;
  /** A connection for the test itself; `stop` closes it. */
  client(): Redis;
  /** Kills the process, closes the connections and removes the directory. For `afterAll`. */
  stop(): Promise<void>;
}

export interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly password?: string;
  readonly cluster?: boolean;
  readonly database?: number;
  readonly env?: NodeJS.ProcessEnv;
  readonly place?: Place;
}

const PORT_ATTEMPTS = 20;
const REBIND_WITHIN_MS = 2_000;
const REBIND_EVERY_MS = 50;
const CLUSTER_WITHIN_MS = 20_000;

/** `REDIS_SERVER` names another binary to run. */
export function serverCommand(): string {
  return process.env.REDIS_SERVER ?? 'redis-server';
}

export async function startOnFreePort(
  launchFor: (port: number, directory: string) => Launch,
): Promise<RedisServer> {
  for (let attempt = 0; attempt < PORT_ATTEMPTS; attempt += 1) {
    const port = drawPort();
    const directory = temporaryFolder('redis-test');
    const server = new ServerProcess(port, directory, launchFor(port, directory));
    try {
      await server.launch();
      return server;
    } catch (error) {
      await server.stop();
      // Somebody else took the port between the choice and the bind: the process has ended. Next port.
      if (!(error instanceof EndedEarly)) throw error;
    }
  }
  throw new Error(`no free port in ${PORT_ATTEMPTS} attempts`);
}

class ServerProcess implements RedisServer {
  readonly port: number;
  readonly url: string;
  private readonly directory: string;
  private readonly given: Launch;
  private readonly clients: Redis[] = [];
  private child: ChildProcess | undefined;

  constructor(port: number, directory: string, launch: Launch) {
    this.port = port;
    this.directory = directory;
    this.given = launch;
    const { password, place = HERE, database } = launch;
    const login = password === undefined ? '' : `:${password}@`;
    this.url = `redis://${login}${place.address}:${port}${database === undefined ? '' : `/${database}`}`;
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  async start(): Promise<void> {
    const deadlineMs = performance.now() + REBIND_WITHIN_MS;
    for (;;) {
      try {
        return await this.launch();
      } catch (error) {
        // An outgoing connection of anybody can hold the port for a moment.
        if (!(error instanceof EndedEarly) || performance.now() > deadlineMs) throw error;
        await sleep(REBIND_EVERY_MS);
      }
    }
  }

  /** One attempt. Rejects with EndedEarly when the port is taken. */
  async launch(): Promise<void> {
    const { command, args, env = process.env, place = HERE, password } = this.given;
    const child = spawn(...commandIn(place, command, args), { stdio: 'ignore', env });
    killAtExit(child);
    if (child.pid === undefined) throw await spawnError(child);
    this.child = child;
    await untilReady(child, { host: place.address, port: this.port, password });
    if (this.given.cluster === true) await this.ownAllSlots();
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.child;
    this.child = undefined;
    if (child === undefined || hasEnded(child)) return;
    const ended = once(child, 'exit');
    child.kill(signal);
    child.kill('SIGCONT');
    await ended;
  }

  async save(): Promise<void> {
    await this.withClient((client) => client.save());
  }

  async restart(): Promise<void> {
    await this.save();
    await this.kill();
    await this.start();
  }

  async restartEmpty(): Promise<void> {
    await this.kill();
    rmSync(join(this.directory, 'dump.rdb'), { force: true });
    rmSync(join(this.directory, 'nodes.conf'), { force: true });
    await this.start();
  }

  pause(): void {
    this.child?.kill('SIGSTOP');
  }

  resume(): void {
    this.child?.kill('SIGCONT');
  }

  client(): Redis {
    const client = new Redis(this.url, { retryStrategy: () => 20, maxRetriesPerRequest: null });
    client.on('error', () => {});
    this.clients.push(client);
    return client;
  }

  async stop(): Promise<void> {
    for (const client of this.clients.splice(0)) client.disconnect();
    await this.kill();
    removeFolder(this.directory);
  }

  private async ownAllSlots(): Promise<void> {
    await this.withClient(async (client) => {
      if (String(await client.cluster('INFO')).includes('cluster_slots_assigned:0')) {
        await client.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
      }
      const isReady = async (): Promise<boolean> =>
        String(await client.cluster('INFO')).includes('cluster_state:ok');
      await until('cluster_state:ok', isReady, CLUSTER_WITHIN_MS);
    });
  }

  private async withClient(use: (client: Redis) => Promise<unknown>): Promise<void> {
    const client = new Redis(this.url, { lazyConnect: true, retryStrategy: () => null });
    client.on('error', () => {});
    try {
      await client.connect();
      await use(client);
    } finally {
      client.disconnect();
    }
  }
}

/** Why a process did not come to be, in words that say what to do about it. */
async function spawnError(child: ChildProcess): Promise<Error> {
  const [error] = (await once(child, 'error')) as [NodeJS.ErrnoException];
  return error.code === 'ENOENT' ? new Error(`not found: ${child.spawnfile}`) : error;
}
