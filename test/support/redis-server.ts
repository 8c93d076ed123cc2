import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { commandIn, HERE, type Place } from './place.js';

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

export interface RedisServerOptions {
  readonly password?: string;
  /** A cluster of this one node, which owns all slots. */
  readonly cluster?: boolean;
  /** Further command line arguments, e.g. `['--maxmemory', '3mb']`. */
  readonly args?: readonly string[];
  /** Instead of this process' environment, e.g. to preload a library. */
  readonly env?: NodeJS.ProcessEnv;
  readonly place?: Place;
}

export interface SentinelOptions {
  readonly masterName: string;
  readonly masterPort: number;
  /** How many sentinels must agree that the master is down. Default 1. */
  readonly quorum?: number;
  readonly args?: readonly string[];
}

const READY_WITHIN_MS = 10_000;
const POLL_EVERY_MS = 5;
const PORT_ATTEMPTS = 20;
// Below the range of outgoing connections, and with room for the cluster bus, which is 10000 above.
const FIRST_PORT = 20_000;
const LAST_PORT = 31_999;

/** Starts a server on a free port and resolves when it answers. `REDIS_SERVER` names another binary to run. */
export function startRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  return startOnFreePort((port, directory) => ({
    ...(options.password === undefined ? {} : { password: options.password }),
    ...(options.cluster === true ? { cluster: true } : {}),
    ...(options.env === undefined ? {} : { env: options.env }),
    ...(options.place === undefined ? {} : { place: options.place }),
    command: process.env.REDIS_SERVER ?? 'redis-server',
    args: [
      ...['--port', String(port), '--bind', options.place?.address ?? HERE.address, '--dir', directory],
      ...(options.place === undefined ? [] : ['--protected-mode', 'no']),
      ...['--save', '', '--appendonly', 'no', '--daemonize', 'no'],
      ...(options.password === undefined ? [] : ['--requirepass', options.password]),
      ...(options.cluster === true ? ['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1'] : []),
      ...(options.args ?? []),
    ],
  }));
}

/** Starts a sentinel that watches one master. */
export function startSentinel(options: SentinelOptions): Promise<RedisServer> {
  return startOnFreePort((port, directory) => {
    const file = join(directory, 'sentinel.conf');
    const name = options.masterName;
    const lines = [
      `port ${port}`,
      'bind 127.0.0.1',
      `dir ${directory}`,
      `sentinel monitor ${name} 127.0.0.1 ${options.masterPort} ${options.quorum ?? 1}`,
      `sentinel down-after-milliseconds ${name} 500`,
      `sentinel failover-timeout ${name} 2000`,
    ];
    writeFileSync(file, `${lines.join('\n')}\n`);
    return { command: 'redis-sentinel', args: [file, ...(options.args ?? [])] };
  });
}

interface Launch {
  readonly command: string;
  readonly args: readonly string[];
  readonly password?: string;
  readonly cluster?: boolean;
  readonly env?: NodeJS.ProcessEnv;
  readonly place?: Place;
}

async function startOnFreePort(launchFor: (port: number, directory: string) => Launch): Promise<RedisServer> {
  for (let attempt = 0; attempt < PORT_ATTEMPTS; attempt += 1) {
    const port = FIRST_PORT + Math.floor(Math.random() * (LAST_PORT - FIRST_PORT));
    const directory = mkdtempSync(join(tmpdir(), 'redis-test-'));
    const server = new ServerProcess(port, directory, launchFor(port, directory));
    try {
      await server.start();
      return server;
    } catch (error) {
      await server.stop();
      // Somebody else took the port between the choice and the bind: the process has ended. Next port.
      if (!(error instanceof EndedEarly)) {
        throw error;
      }
    }
  }
  throw new Error(`no free port in ${PORT_ATTEMPTS} attempts`);
}

class EndedEarly extends Error {}

class ServerProcess implements RedisServer {
  readonly port: number;
  readonly url: string;
  readonly #directory: string;
  readonly #launch: Launch;
  readonly #clients: Redis[] = [];
  #child: ChildProcess | undefined;

  constructor(port: number, directory: string, launch: Launch) {
    this.port = port;
    this.#directory = directory;
    this.#launch = launch;
    const { password, place = HERE } = launch;
    this.url = `redis://${password === undefined ? '' : `:${password}@`}${place.address}:${port}`;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  async start(): Promise<void> {
    const { command, args, env = process.env, place = HERE } = this.#launch;
    const child = spawn(...commandIn(place, command, args), { stdio: 'ignore', env });
    this.#child = child;
    track(child);
    await untilReady(child, place.address, this.port, this.#launch.password);
    if (this.#launch.cluster === true) {
      await this.#ownAllSlots();
    }
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || hasEnded(child)) {
      return;
    }
    const ended = once(child, 'exit');
    child.kill(signal);
    child.kill('SIGCONT');
    await ended;
  }

  async save(): Promise<void> {
    await this.#withClient((client) => client.save());
  }

  async restart(): Promise<void> {
    await this.save();
    await this.kill();
    await this.start();
  }

  async restartEmpty(): Promise<void> {
    await this.kill();
    rmSync(join(this.#directory, 'dump.rdb'), { force: true });
    rmSync(join(this.#directory, 'nodes.conf'), { force: true });
    await this.start();
  }

  pause(): void {
    this.#child?.kill('SIGSTOP');
  }

  resume(): void {
    this.#child?.kill('SIGCONT');
  }

  client(): Redis {
    const client = new Redis(this.url, { retryStrategy: () => 20, maxRetriesPerRequest: null });
    client.on('error', () => {});
    this.#clients.push(client);
    return client;
  }

  async stop(): Promise<void> {
    for (const client of this.#clients.splice(0)) {
      client.disconnect();
    }
    await this.kill();
    rmSync(this.#directory, { recursive: true, force: true });
  }

  async #ownAllSlots(): Promise<void> {
    await this.#withClient(async (client) => {
      if (String(await client.cluster('INFO')).includes('cluster_slots_assigned:0')) {
        await client.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383');
      }
      while (!String(await client.cluster('INFO')).includes('cluster_state:ok')) {
        await pause();
      }
    });
  }

  async #withClient(use: (client: Redis) => Promise<unknown>): Promise<void> {
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

/** Polls until the process itself answers: another server on the same port must not be taken for it. */
async function untilReady(
  child: ChildProcess,
  address: string,
  port: number,
  password: string | undefined,
): Promise<void> {
  const deadlineMs = performance.now() + READY_WITHIN_MS;
  for (;;) {
    if (hasEnded(child)) {
      throw new EndedEarly(`${child.spawnfile} ended before it answered on port ${port}`);
    }
    const info = await infoServer(address, port, password);
    if (info.includes(`process_id:${child.pid}\r\n`) && !info.includes('-LOADING')) {
      return;
    }
    if (performance.now() > deadlineMs) {
      child.kill('SIGKILL');
      throw new Error(`${child.spawnfile} did not answer on port ${port} within ${READY_WITHIN_MS} ms`);
    }
    await pause();
  }
}

/** What the server says to AUTH, INFO and a read (which fails while it loads), or '' when nobody is there. */
function infoServer(address: string, port: number, password: string | undefined): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, address);
    let text = '';
    const end = (): void => {
      socket.destroy();
      resolve(text);
    };
    socket.setTimeout(1_000, end);
    socket.on('error', end);
    socket.on('close', end);
    socket.on('data', (chunk) => {
      text += chunk.toString();
    });
    socket.on('connect', () => {
      socket.write(
        `${password === undefined ? '' : `AUTH ${password}\r\n`}INFO server\r\nEXISTS x\r\nQUIT\r\n`,
      );
    });
  });
}

function hasEnded(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null || child.pid === undefined;
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, POLL_EVERY_MS));
}

const running = new Set<ChildProcess>();

/** No server outlives the test process, however that one ends (short of SIGKILL). */
function track(child: ChildProcess): void {
  if (running.size === 0 && !process.listeners('exit').includes(killAll)) {
    process.on('exit', killAll);
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
      process.once(signal, () => {
        killAll();
        process.kill(process.pid, signal);
      });
    }
  }
  running.add(child);
  child.once('exit', () => running.delete(child));
  // A missing binary: without a listener the event would throw; `untilReady` reports it.
  child.once('error', () => running.delete(child));
}

function killAll(): void {
  for (const child of running) {
    child.kill('SIGKILL');
  }
}
