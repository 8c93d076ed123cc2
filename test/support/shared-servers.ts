/** Real servers that start before the tests that use them and end after them: the one prologue of tests on Redis and PostgreSQL. */

import { afterAll, afterEach, beforeAll, onTestFinished } from 'vitest';
import { whichever } from './between.js';
import { type PostgresServer, startPostgres } from './postgres-server.js';
import { closeInstances } from './redis-instances.js';
import { type RedisServer, type RedisServerOptions, startRedis } from './redis-server.js';

/** One server for all tests of the file, or of the `describe` around the call. Instances that a test opens end with that test. */
export function sharedRedis(options: RedisServerOptions = {}): RedisServer {
  afterEach(closeInstances);
  return shared(() => startRedis(options));
}

export function sharedRedises(count: number): readonly RedisServer[] {
  return Array.from({ length: count }, () => sharedRedis());
}

/** Also where PostgreSQL is not on this machine, as long as the tests are skipped. */
export function sharedPostgres(): PostgresServer {
  return shared(() => startPostgres());
}

/** A server for the test that calls this. */
export async function ownRedis(options: RedisServerOptions = {}): Promise<RedisServer> {
  const server = await startRedis(options);
  onTestFinished(() => server.stop());
  return server;
}

export function ownRedises(count: number, options: RedisServerOptions = {}): Promise<readonly RedisServer[]> {
  return Promise.all(Array.from({ length: count }, () => ownRedis(options)));
}

function shared<S extends { stop(): Promise<void> }>(start: () => Promise<S>): S {
  let started: S | undefined;
  beforeAll(async () => {
    started = await start();
  });
  afterAll(() => started?.stop());
  return whichever(() => {
    if (started === undefined) throw new Error('the server has not started: ask for it in a test or a hook');
    return started;
  });
}
