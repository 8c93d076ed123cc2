/** A real server, asked through the very texts that the library sends. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Redis } from 'ioredis';
import { failureCode } from '#src/redis/connection/failure-code.js';
import { redisKeys } from '#src/redis/scripts/redis-keys.js';
import type { RedisScript } from '#src/redis/scripts/redis-scripts.js';
import { removeFolder, temporaryFolder } from '../support/leftovers.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';
import { readState } from './real-state.js';
import { SCRIPTS, toMessage, wordsOf } from './script-words.js';
import { ServerMishaps } from './server-mishaps.js';
import type { Answer, Mishap, Question, StoredState } from './step.js';

export interface RealAnswer {
  readonly answer: Answer;
  /** What the script saw, whole ms. */
  readonly nowMs: number;
}

const KEYS = redisKeys('differential');

export class RealSide {
  private constructor(
    readonly server: RedisServer,
    private readonly client: Redis,
    private readonly mishaps: ServerMishaps,
    private readonly tasks: readonly string[],
    private readonly directory: string,
  ) {}

  static async start(tasks: readonly string[], env?: NodeJS.ProcessEnv): Promise<RealSide> {
    const directory = temporaryFolder('differential');
    const configFile = join(directory, 'extra.conf');
    writeFileSync(configFile, '');
    const server = await startRedis({
      // A master that was without replicas for an hour takes a new replication id, and the clock is set by years.
      args: ['--replica-read-only', 'no', '--repl-backlog-ttl', '0', '--include', configFile],
      ...(env === undefined ? {} : { env }),
    });
    const client = server.client();
    const mishaps = new ServerMishaps(server, client, KEYS, configFile);
    const side = new RealSide(server, client, mishaps, tasks, directory);
    await side.load();
    return side;
  }

  /** As a server that nobody has ever asked anything. */
  async reset(): Promise<void> {
    await this.client.flushall();
    await this.mishaps.reset();
  }

  async ask(question: Question): Promise<RealAnswer> {
    const { script, keys, args } = toMessage(question, KEYS);
    const reply: unknown = await this.client
      .evalsha(script.sha1, keys.length, ...keys, ...args)
      .catch((error: unknown) => failureCode(error));
    if (typeof reply === 'string' && reply.startsWith('DSCHEDVERSION')) {
      return { answer: [reply], nowMs: await this.nowMs() };
    }
    if (!Array.isArray(reply)) throw new Error(`${script.name} answered ${String(reply)}`);
    const [seconds, microseconds, ...words] = reply as readonly unknown[];
    const nowMs = Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000);
    return { answer: wordsOf(question, words, nowMs), nowMs };
  }

  /** The memory's part of the id that stands, '' for none. */
  async nonce(): Promise<string> {
    return (await this.client.hget(KEYS.ledger, 'id'))?.split('.')[1] ?? '';
  }

  async suffer(mishap: Mishap): Promise<void> {
    const isNewProcess = await this.mishaps.happen(mishap);
    if (isNewProcess) await this.load();
  }

  async nowMs(): Promise<number> {
    const [seconds, microseconds] = await this.client.time();
    return Number(seconds) * 1_000 + Math.floor(Number(microseconds) / 1_000);
  }

  state(): Promise<StoredState> {
    return readState(this.client, KEYS, this.tasks);
  }

  async version(): Promise<string> {
    const info = await this.client.info('server');
    const name = /^(?:server_name:|(?=redict_version))(valkey|redict)/m.exec(info)?.[1] ?? 'redis';
    return `${name} ${new RegExp(`^${name}_version:(\\S+)`, 'm').exec(info)?.[1] ?? 'of unknown version'}`;
  }

  async stop(): Promise<void> {
    await this.server.stop();
    removeFolder(this.directory);
  }

  private async load(): Promise<void> {
    for (const script of SCRIPTS) await loadScript(this.client, script);
  }
}

async function loadScript(client: Redis, script: RedisScript): Promise<void> {
  const sha1 = String(await client.script('LOAD', script.text));
  if (sha1 !== script.sha1) throw new Error(`${script.name} is ${sha1} to the server, not ${script.sha1}`);
}
