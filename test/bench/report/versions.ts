/** Of the programs and packages that take part: figures of others say nothing of these. */

import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { findPostgresBin } from '../../../scripts/ensure-postgres.mjs';
import { serverCommand } from '../../support/server-process.js';
import { findEtcd } from '../floors/etcd-server.js';

const BENCH = join(import.meta.dirname, '..');
const ROOT = join(BENCH, '../..');
const WORKSPACE_PEERS = ['@nestjs/schedule', 'redlock', 'ioredis'];
const DRAWERS = new Set(['vega', 'vega-lite']);

export function versionsNow(): Readonly<Record<string, string>> {
  const postgresBin = findPostgresBin();
  const programs = {
    'redis-server': versionOf(serverCommand()),
    PostgreSQL: postgresBin === undefined ? undefined : versionOf(join(postgresBin, 'postgres')),
    etcd: versionOf(findEtcd()),
  };
  const peers = dependenciesIn(join(BENCH, 'peers/package.json')).filter(([name]) => !DRAWERS.has(name));
  const workspace = dependenciesIn(join(ROOT, 'package.json')).filter(([name]) =>
    WORKSPACE_PEERS.includes(name),
  );
  const found = Object.entries(programs).flatMap(([name, version]) =>
    version === undefined ? [] : [[name, version]],
  );
  return Object.fromEntries([...found, ...workspace, ...peers]);
}

/** The first number with a dot that a program says. */
function versionOf(program: string | undefined): string | undefined {
  if (program === undefined) return undefined;
  const said = execFileSync(program, ['--version'], { encoding: 'utf8' });
  return /\d+\.[\d.]*\d/.exec(said)?.[0];
}

function dependenciesIn(file: string): readonly [name: string, version: string][] {
  return Object.entries(JSON.parse(readFileSync(file, 'utf8')).dependencies);
}
