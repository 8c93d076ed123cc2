#!/usr/bin/env node
// Finds PostgreSQL's server programs on this machine, or installs them where that needs no password. The npm package
// that has PostgreSQL in it serves one connection, so it cannot show what locks do.

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { answerCommandLine, ensureServer, isExecutable, programFolders } from './ensure-server.mjs';

/** Where Debian and Homebrew keep them, one folder per major version: their PATH has wrappers only, or nothing. */
const VERSION_FOLDERS = [
  { folder: '/usr/lib/postgresql', inner: 'bin', name: /^(\d+)$/ },
  { folder: '/opt/homebrew/opt', inner: 'bin', name: /^postgresql@(\d+)$/ },
  { folder: '/usr/local/opt', inner: 'bin', name: /^postgresql@(\d+)$/ },
  { folder: '/home/linuxbrew/.linuxbrew/opt', inner: 'bin', name: /^postgresql@(\d+)$/ },
];

/** The folder of initdb and postgres, or undefined. POSTGRES_BIN names one that is to be taken. */
export function findPostgresBin() {
  if (process.env.POSTGRES_BIN) return process.env.POSTGRES_BIN;
  return [...VERSION_FOLDERS.flatMap(newestFirst), ...programFolders()].find(
    (folder) => isExecutable(join(folder, 'initdb')) && isExecutable(join(folder, 'postgres')),
  );
}

/**
 * The folder of PostgreSQL's server programs, installed if need be. No cluster is started or enabled.
 * @throws Error with one line on what to do, where nothing may be installed
 */
export function ensurePostgres() {
  return ensureServer({
    name: 'PostgreSQL',
    apt: 'postgresql',
    brew: 'postgresql@17',
    service: 'postgresql',
    find: findPostgresBin,
  });
}

function newestFirst({ folder, inner, name }) {
  return entriesOf(folder)
    .flatMap((entry) => {
      const [, version] = name.exec(entry) ?? [];
      return version === undefined ? [] : [{ version: Number(version), path: join(folder, entry, inner) }];
    })
    .sort((a, b) => b.version - a.version)
    .map(({ path }) => path);
}

function entriesOf(folder) {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

answerCommandLine(import.meta.url, ensurePostgres);
