#!/usr/bin/env node
// Builds apps/demo where its sources are newer than what was built. Also the set-up of the end-to-end tests.

import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const root = join(import.meta.dirname, '..');
const output = join(root, 'dist', 'apps', 'demo', 'apps', 'demo', 'src');
const nest = join(root, 'node_modules', '@nestjs', 'cli', 'bin', 'nest.js');

/** What the build depends on. */
const SOURCES = [
  'apps/demo',
  'libs/distributed-schedule/src',
  'tsconfig.json',
  'nest-cli.json',
  'package-lock.json',
];

/** The folder of the compiled app: main.js, showcase/showcase.js. */
export function buildDemo() {
  if (isStale()) {
    process.stderr.write('building apps/demo …\n');
    execFileSync(process.execPath, [nest, 'build', 'demo'], { cwd: root, stdio: 'inherit' });
  }
  return output;
}

/** Vitest calls this once before the end-to-end tests. */
export default function setUp() {
  buildDemo();
}

function isStale() {
  const main = join(output, 'main.js');
  if (!existsSync(main)) return true;
  const builtMs = statSync(main).mtimeMs;
  return SOURCES.some((source) => newestMs(join(root, source)) > builtMs);
}

function newestMs(path) {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newestMs(join(path, name))));
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) buildDemo();
