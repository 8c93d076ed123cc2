#!/usr/bin/env node
// What the benchmark compares with is installed only where it is run, and again when the list has changed.

import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

const folder = join(import.meta.dirname, '..', 'test', 'bench', 'peers');

/** Packages and versions of a lock file. npm keeps one of what it has installed, without what the platform has no use for. */
function versionsIn(lockFile) {
  if (!existsSync(lockFile)) return new Map();
  const { packages } = JSON.parse(readFileSync(lockFile, 'utf8'));
  const wanted = Object.entries(packages).filter(([path, { optional }]) => path !== '' && !optional);
  return new Map(wanted.map(([path, { version }]) => [path, version]));
}

const wanted = versionsIn(join(folder, 'package-lock.json'));
const installed = versionsIn(join(folder, 'node_modules', '.package-lock.json'));
if ([...wanted].some(([path, version]) => installed.get(path) !== version)) {
  execFileSync('npm', ['ci', '--no-audit', '--no-fund'], {
    cwd: folder,
    // Tables go to stdout.
    stdio: ['ignore', process.stderr, 'inherit'],
  });
}
