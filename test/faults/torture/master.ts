/** One real master that loses its memory on demand. Every loss is verified: a fault that did nothing proves nothing. */

import type { Redis } from 'ioredis';
import { redisKeys } from '#src/redis/scripts/redis-keys.js';
import type { ClockShim } from '../../support/clock-shim/clock-shim.js';
import { type RedisServer, startRedis } from '../../support/redis-server.js';
import { OPTIONS } from './bidder.js';

/** Ways to lose a grant. */
export type LossKind =
  | 'DEL of the ledger'
  | 'kill -9, empty'
  | 'kill -9, older file'
  | 'kill -9, empty, clock stepped'
  /** Nothing is lost there; but who was led away finds nothing of it. */
  | 'led to another server';

const { ledger } = redisKeys(OPTIONS.namespace);
/** The clock is set by two readings of the real one, between which a busy machine may pause. */
const CLOCK_TOLERANCE_MS = 100;

export class Master {
  private constructor(
    private readonly server: RedisServer,
    private readonly client: Redis,
    private runId: string,
    private readonly clock: ClockShim | undefined,
  ) {}

  /** With a clock that is not the machine's, if one is given. */
  static async start(clock?: ClockShim): Promise<Master> {
    const server = await startRedis(clock === undefined ? {} : { env: clock.env() });
    const client = server.client();
    return new Master(server, client, await readRunId(client), clock);
  }

  get url(): string {
    return this.server.url;
  }

  /** Writes the file that a later restart will find. It is older than every grant from now on. */
  backUp(): Promise<void> {
    return this.server.save();
  }

  /**
   * In one transaction: right after it the next claim makes the hash anew. Undefined when there was none, since nobody
   * has claimed since the last loss: then nothing was lost.
   */
  async loseLedger(): Promise<LossKind | undefined> {
    const replies = await this.client.multi().del(ledger).exists(ledger).exec();
    const [deleted, left] = (replies ?? []).map(([, value]) => value);
    if (left !== 0) throw new Error('the ledger is still there');
    return deleted === 1 ? 'DEL of the ledger' : undefined;
  }

  async restartEmpty(): Promise<LossKind> {
    await this.server.restartEmpty();
    const keys = await this.verifyRestart();
    if (keys > 0) throw new Error(`the server came back with ${keys} keys`);
    return 'kill -9, empty';
  }

  /** The file may have been written while the ledger was empty: then that is what has happened. */
  async restartWithOlderFile(): Promise<LossKind> {
    await this.server.kill();
    await this.server.start();
    const keys = await this.verifyRestart();
    return keys > 0 ? 'kill -9, older file' : 'kill -9, empty';
  }

  /** Of a master that was never backed up: it is empty afterwards, and its clock is so far ahead of the machine's. */
  async restartWithClock(aheadMs: number): Promise<LossKind> {
    await this.server.kill();
    this.clock?.setOffset(aheadMs);
    await this.server.start();
    const keys = await this.verifyRestart();
    if (keys > 0) throw new Error(`the server came back with ${keys} keys`);
    await this.verifyClock(aheadMs);
    return 'kill -9, empty, clock stepped';
  }

  async stop(): Promise<void> {
    await this.server.stop();
    this.clock?.close();
  }

  /** The server read its clock somewhere between the question and the answer, however busy the machine is. */
  private async verifyClock(aheadMs: number): Promise<void> {
    const askedMs = Date.now();
    const [seconds = 0, microseconds = 0] = (await this.client.time()).map(Number);
    const shownMs = seconds * 1_000 + microseconds / 1_000 - aheadMs;
    if (shownMs < askedMs - CLOCK_TOLERANCE_MS || shownMs > Date.now() + CLOCK_TOLERANCE_MS) {
      throw new Error(`the server's clock is not ${aheadMs} ms ahead, but ${shownMs + aheadMs - askedMs}`);
    }
  }

  /** Answers how many keys were loaded from a file. */
  private async verifyRestart(): Promise<number> {
    const runId = await readRunId(this.client);
    if (runId === this.runId) throw new Error('the server was not restarted');
    this.runId = runId;
    const persistence = await this.client.info('persistence');
    return Number(/rdb_last_load_keys_loaded:(\d+)/.exec(persistence)?.[1] ?? 0);
  }
}

async function readRunId(client: Redis): Promise<string> {
  const runId = /run_id:(\w+)/.exec(await client.info('server'))?.[1];
  if (runId === undefined) throw new Error('a server without run_id');
  return runId;
}
