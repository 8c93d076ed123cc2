#!/usr/bin/env node
// Finds pgbouncer on this machine, or installs it where that needs no password. npm has none.

import { join } from 'node:path';
import { answerCommandLine, ensureServer, isExecutable, programFolders } from './ensure-server.mjs';

/** The path of pgbouncer, or undefined. PGBOUNCER names one that is to be taken. */
export function findPgbouncer() {
  if (process.env.PGBOUNCER) return process.env.PGBOUNCER;
  return programFolders()
    .map((folder) => join(folder, 'pgbouncer'))
    .find(isExecutable);
}

/**
 * The path of pgbouncer, installed if need be.
 * @throws Error with one line on what to do, where nothing may be installed
 */
export function ensurePgbouncer() {
  return ensureServer({
    name: 'pgbouncer',
    apt: 'pgbouncer',
    brew: 'pgbouncer',
    service: 'pgbouncer',
    find: findPgbouncer,
  });
}

answerCommandLine(import.meta.url, ensurePgbouncer);
