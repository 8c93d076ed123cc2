// Builds an app of apps/ where its sources are newer than what was built.

import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const nest = join(root, 'node_modules', '@nestjs', 'cli', 'bin', 'nest.js');

/** What every build depends on, beside the app itself. */
const SOURCES = ['libs/distributed-schedule/src', 'tsconfig.json', 'nest-cli.json', 'package-lock.json'];

/** The folder of the compiled app, with its main.js. */
export function buildApp(name) {
  const output = join(root, 'dist', 'apps', name, 'apps', name, 'src');
  if (isStale(join(output, 'main.js'), [`apps/${name}`, ...SOURCES])) {
    process.stderr.write(`building apps/${name} …\n`);
    execFileSync(process.execPath, [nest, 'build', name], { cwd: root, stdio: 'inherit' });
  }
  return output;
}

function isStale(main, sources) {
  if (!existsSync(main)) return true;
  const builtMs = statSync(main).mtimeMs;
  return sources.some((source) => newestMs(join(root, source)) > builtMs);
}

function newestMs(path) {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newestMs(join(path, name))));
}
