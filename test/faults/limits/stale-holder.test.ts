import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterEach, describe, expect, it } from 'vitest';
import { eventually } from '../../support/faults/fault.js';
import { type RedisServer, startRedis } from '../../support/redis-server.js';
import type { WriterMessage } from './deaf-writer.js';
import { readBoth } from './guarded-register.js';

const WRITER = fileURLToPath(new URL('./deaf-writer.ts', import.meta.url));
const TYPESCRIPT = new URL('../../../scripts/typescript.mjs', import.meta.url).href;
const LEASE_TTL_MS = 1_500;
const WORK_MS = 200;
const LONG_WORK_MS = 2_000;
/** Four such waits. */
const WITHIN_MS = 40_000;
const MAX_MS = 240_000;
const MESSAGES_SHOWN = 6;

class Writer {
  readonly messages: WriterMessage[] = [];

  constructor(readonly child: ChildProcess) {
    child.on('message', (message) => this.messages.push(message as WriterMessage));
  }

  static fork(env: Readonly<Record<string, string>>): Writer {
    const child = fork(WRITER, { execArgv: ['--import', TYPESCRIPT], env: { ...process.env, ...env } });
    // One that is stopped just then would not notice that its parent has gone.
    process.once('exit', () => child.kill('SIGKILL'));
    return new Writer(child);
  }

  starts(): readonly WriterMessage[] {
    return this.messages.filter(({ type }) => type === 'starts');
  }

  writes(): readonly (WriterMessage & { readonly type: 'wrote' })[] {
    return this.messages.filter((message) => message.type === 'wrote');
  }

  async end(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await ended;
  }
}

describe('a handler that ignores its signal', () => {
  const servers: RedisServer[] = [];
  const writers: Writer[] = [];
  afterEach(async () => {
    await Promise.all(writers.splice(0).map((writer) => writer.end()));
    await Promise.all(servers.splice(0).map((server) => server.stop()));
  });

  async function startWriters(register: RedisServer): Promise<void> {
    const masters = await Promise.all([startRedis(), startRedis(), startRedis()]);
    servers.push(...masters);
    const env = {
      NODES: masters.map(({ url }) => url).join(','),
      REGISTER: register.url,
      LEASE_TTL_MS: String(LEASE_TTL_MS),
      WORK_MS: String(WORK_MS),
    };
    writers.push(Writer.fork(env), Writer.fork(env));
  }

  /** What the writers have told, for whoever has to explain that something was not seen. */
  async function seen(what: string, isMet: () => boolean): Promise<void> {
    await eventually(what, isMet, WITHIN_MS).catch((error: unknown) => {
      const told = writers.map(({ child, messages }) => ({
        ended: child.signalCode ?? child.exitCode,
        last: messages.slice(-MESSAGES_SHOWN),
      }));
      throw new Error(`${what}: ${JSON.stringify(told)}`, { cause: error });
    });
  }

  /** A writer in the middle of a long run, and that run. */
  async function longRun(): Promise<{ readonly holder: Writer; readonly run: WriterMessage }> {
    await seen('a first run', () => writers.some((writer) => writer.writes().length > 0));
    // Of both: who ran first need not be first in rank once the other has joined, and then never runs again.
    for (const { child } of writers) child.send({ workMs: LONG_WORK_MS });
    const longRunOf = (writer: Writer): WriterMessage | undefined =>
      writer.starts().find((start) => start.type === 'starts' && start.workMs === LONG_WORK_MS);
    await seen('a long run', () => writers.some(longRunOf));
    const holder = writers.find(longRunOf) as Writer;
    return { holder, run: longRunOf(holder) as WriterMessage };
  }

  it('works on beside its successor and spoils what is not fenced; the fence refuses its write', {
    timeout: MAX_MS,
  }, async () => {
    const register = await startRedis();
    servers.push(register);
    await startWriters(register);
    const { holder, run } = await longRun();
    const other = writers.find((writer) => writer !== holder) as Writer;
    holder.child.kill('SIGSTOP');
    other.child.send({ workMs: WORK_MS });
    const isLater = ({ tick }: WriterMessage): boolean => tick > run.tick;
    await seen('a successor that has written', () => other.writes().some(isLater));
    const successor = other.starts().find(isLater);
    holder.child.kill('SIGCONT');
    await seen('the stale write', () => holder.writes().some(({ tick }) => tick === run.tick));
    const stale = holder.writes().find(({ tick }) => tick === run.tick);

    // Both were at work: the lease had ended, the handler was told and did not listen.
    expect(successor?.atMs).toBeLessThan(stale?.atMs ?? 0);
    expect(stale?.signalAborted).toBe(true);
    expect(successor?.token).toBeGreaterThan(run.token);
    // The damage, and what prevents it.
    expect(Number(stale?.overwrote)).toBeGreaterThan(run.token);
    expect(stale?.passedFence).toBe(false);
    expect(other.writes().every(({ passedFence }) => passedFence)).toBe(true);
    const { fenced } = await readBoth(register.client());
    expect(fenced).toBeGreaterThanOrEqual(successor?.token ?? Number.POSITIVE_INFINITY);
  });
});
