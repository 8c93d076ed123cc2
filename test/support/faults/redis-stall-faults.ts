/** A server is alive and does not serve: paused, asleep, busy, or rid of its clients. */

import { Redis } from 'ioredis';
import type { RedisServer } from '../redis-server.js';
import { eventually, type Fault, faultOf, staysSilent } from './fault.js';
import {
  probe,
  refusalOf,
  requireSilence,
  SILENCE_MS,
  setConfig,
  untilAnswers,
  untilWritable,
} from './redis-probe.js';

/** `startRedis` options that allow `asleep`. */
export const DEBUG_ARGS = ['--enable-debug-command', 'yes'] as const;

/** CLIENT PAUSE. In mode ALL nobody can end it, so healing waits for its own end. */
export function paused(server: RedisServer, mode: 'ALL' | 'WRITE', forMs: number): Fault {
  return faultOf({
    name: `redis ${server.port} pauses ${mode === 'ALL' ? 'all commands' : 'writes'}`,
    strike: async () => {
      await probe(server, (client) => client.call('CLIENT', 'PAUSE', String(forMs), mode));
      if (mode === 'ALL') return await requireSilence(server);
      const write = refusalOf(server, 'SET', 'fault-probe', '1', 'PX', '1').catch(() => {});
      if (!(await staysSilent(write, SILENCE_MS))) throw new Error('a write was answered');
      await untilAnswers(server);
      return `a write is unanswered for ${SILENCE_MS} ms, a PING is answered`;
    },
    heal: async () => {
      if (mode === 'WRITE') await probe(server, (client) => client.call('CLIENT', 'UNPAUSE'));
      await untilAnswers(server, forMs + 2_000);
      await untilWritable(server);
    },
  });
}

/** DEBUG SLEEP: the whole server is in one call. Needs a server started with {@link DEBUG_ARGS}. */
export function asleep(server: RedisServer, forMs: number): Fault {
  return faultOf({
    name: `redis ${server.port} asleep`,
    strike: async () => {
      const word = await refusalOf(server, 'DEBUG', 'SLEEP', '0');
      if (word !== undefined) throw new Error(`DEBUG SLEEP is refused (${word}): start with DEBUG_ARGS`);
      await send(server, 'DEBUG', 'SLEEP', String(forMs / 1_000));
      return await requireSilence(server);
    },
    heal: () => untilAnswers(server, forMs + 2_000),
  });
}

/** A script that does not end: every command is refused with BUSY. */
export function busyScript(server: RedisServer): Fault {
  return faultOf({
    name: `redis ${server.port} busy with a script`,
    strike: async () => {
      await setConfig(server, { 'lua-time-limit': '1' });
      await send(server, 'EVAL', 'while true do end', '0');
      await eventually('a PING gets BUSY', async () => (await refusalOf(server, 'PING')) === 'BUSY');
      return 'a PING gets BUSY';
    },
    heal: async () => {
      await probe(server, (client) => client.call('SCRIPT', 'KILL'));
      await untilAnswers(server);
      await setConfig(server, { 'lua-time-limit': '5000' });
    },
  });
}

/**
 * All connections but the one that does it are closed. A witness of the test has connections too, and only instances
 * subscribe: with `leastSubscriptions` it counts only if so many of theirs were hit.
 */
export function clientsKilled(server: RedisServer, leastSubscriptions = 0): Fault {
  return faultOf({
    name: `redis ${server.port} closes all connections`,
    strike: () =>
      probe(server, async (client) => {
        const kill = async (type: string): Promise<number> =>
          Number(await client.call('CLIENT', 'KILL', 'TYPE', type, 'SKIPME', 'yes'));
        const [normal, subscribed] = [await kill('normal'), await kill('pubsub')];
        if (normal + subscribed === 0) throw new Error('there was no connection to close');
        if (subscribed < leastSubscriptions) throw new Error(`only ${subscribed} subscriptions were closed`);
        return `${normal} connections and ${subscribed} subscriptions closed`;
      }),
  });
}

/** CONFIG timeout: an ordinary connection that is idle for so long is closed (subscribed ones are not). */
export function idleTimeout(server: RedisServer, timeoutSeconds: number): Fault {
  return faultOf({
    name: `redis ${server.port} closes idle connections after ${timeoutSeconds} s`,
    strike: async () => {
      const idle = server.client();
      await idle.ping();
      let isClosed = false;
      idle.once('close', () => {
        isClosed = true;
      });
      await setConfig(server, { timeout: String(timeoutSeconds) });
      await eventually('an idle connection is closed', () => isClosed, timeoutSeconds * 1_000 + 3_000);
      idle.disconnect();
      return 'an idle connection was closed';
    },
    heal: () => setConfig(server, { timeout: '0' }),
  });
}

/** Sends a command whose answer will be long in coming, and resolves as soon as it is written. */
async function send(server: RedisServer, command: string, ...args: string[]): Promise<void> {
  const client = new Redis(server.url, { lazyConnect: true, retryStrategy: () => null });
  client.on('error', () => {});
  await client.connect();
  void client
    .call(command, ...args)
    .catch(() => {})
    .finally(() => client.disconnect());
}
