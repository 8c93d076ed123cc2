#!/usr/bin/env node
// Finds a redis-server on this machine, or installs one where that needs no password. No npm package ships one.

import { join } from 'node:path';
import { answerCommandLine, ensureServer, isExecutable, programFolders } from './ensure-server.mjs';

/** The path of a redis-server, or undefined. REDIS_SERVER names one that is to be taken. */
export function findRedisServer() {
  if (process.env.REDIS_SERVER) return process.env.REDIS_SERVER;
  return programFolders()
    .map((folder) => join(folder, 'redis-server'))
    .find(isExecutable);
}

/**
 * The path of a redis-server, installed if need be.
 * @throws Error with one line on what to do, where nothing may be installed
 */
export function ensureRedis() {
  return ensureServer({
    name: 'redis-server',
    apt: 'redis-server',
    brew: 'redis',
    service: 'redis-server',
    find: findRedisServer,
  });
}

answerCommandLine(import.meta.url, ensureRedis);
