import { join } from 'node:path';
import { Redis } from 'ioredis';
import type { RedisServer } from '../redis-server.js';
import { eventually, staysSilent } from './fault.js';

/** How long a server must stay silent to be believed. */
export const SILENCE_MS = 150;
const PROBE_MS = 1_000;

/** A connection for one look at a server. It never waits long and never tries again. */
export async function probe<Seen>(
  server: RedisServer,
  look: (client: Redis) => Promise<Seen>,
): Promise<Seen> {
  const client = new Redis(server.url, {
    lazyConnect: true,
    connectTimeout: PROBE_MS,
    commandTimeout: PROBE_MS,
    enableReadyCheck: false,
    retryStrategy: () => null,
  });
  client.on('error', () => {});
  try {
    await client.connect();
    return await look(client);
  } finally {
    client.disconnect();
  }
}

export async function answers(server: RedisServer): Promise<boolean> {
  return await probe(server, async (client) => (await client.ping()) === 'PONG');
}

/** A PING on a new connection stays without an answer. */
export async function requireSilence(server: RedisServer): Promise<string> {
  const call = answers(server);
  if (!(await staysSilent(call, SILENCE_MS))) throw new Error('a PING was answered');
  return `PING unanswered for ${SILENCE_MS} ms`;
}

export async function untilAnswers(server: RedisServer, withinMs?: number): Promise<void> {
  await eventually(`redis ${server.port} answers`, () => answers(server), withinMs);
}

/** The first word of the error that a command gets, or undefined when the server does it. */
export async function refusalOf(
  server: RedisServer,
  command: string,
  ...args: string[]
): Promise<string | undefined> {
  return await probe(server, async (client) => {
    try {
      await client.call(command, ...args);
      return undefined;
    } catch (error) {
      return error instanceof Error ? error.message.split(' ')[0] : String(error);
    }
  });
}

/** Waits until a write is refused with that word; says so. */
export async function untilRefused(server: RedisServer, word: string): Promise<string> {
  await eventually(`${word} for a write`, async () => (await tryWrite(server)) === word);
  return `a write is refused: ${word}`;
}

export async function untilWritable(server: RedisServer): Promise<void> {
  await eventually(`redis ${server.port} takes writes`, async () => (await tryWrite(server)) === undefined);
}

async function tryWrite(server: RedisServer): Promise<string | undefined> {
  return await refusalOf(server, 'SET', 'fault-probe', '1', 'PX', '1');
}

const KEYS_WITHIN_MS = 2_000;

/** What has nothing to lose loses nothing: such a fault would be seen to strike without any effect. */
export async function untilItKnowsSomething(server: RedisServer): Promise<void> {
  const hasKeys = (): Promise<boolean> => probe(server, async (client) => (await client.dbsize()) > 0);
  await eventually(`redis ${server.port} has keys`, hasKeys, KEYS_WITHIN_MS);
}

export async function infoField(server: RedisServer, field: string): Promise<string> {
  return await probe(server, async (client) => {
    const [, value = ''] = new RegExp(`^${field}:(.*?)\r?$`, 'm').exec(await client.info()) ?? [];
    return value;
  });
}

export async function setConfig(
  server: RedisServer,
  values: Readonly<Record<string, string>>,
): Promise<void> {
  await probe(server, async (client) => {
    for (const [name, value] of Object.entries(values)) await client.config('SET', name, value);
  });
}

/** Where the server saves. */
export async function dumpFileOf(server: RedisServer): Promise<string> {
  return await probe(server, async (client) => {
    const [, directory = ''] = (await client.config('GET', 'dir')) as string[];
    const [, name = ''] = (await client.config('GET', 'dbfilename')) as string[];
    return join(directory, name);
  });
}
