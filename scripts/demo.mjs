#!/usr/bin/env node
// The local demo: three Redis masters and three replicas on this machine, in one command.
//   npm run demo                       half a minute with faults, then the proof
//   npm run demo -- --interactive      faults at the press of a key, until q

import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { buildDemo } from './build-demo.mjs';
import { ensureRedis } from './ensure-redis.mjs';

process.chdir(join(import.meta.dirname, '..'));

const interactive = process.argv.includes('--interactive');
if (interactive && !process.stdin.isTTY) {
  process.stderr.write('--interactive needs a terminal to read keys from\n');
  process.exit(2);
}

const showcase = join(buildDemo(), 'showcase', 'showcase.js');
const { runShowcase } = await import(pathToFileURL(showcase).href);
process.exitCode = await runShowcase({
  redisServer: redisServer(),
  folder: process.env.DEMO_FOLDER ?? emptyFolder('.demo'),
  interactive,
});

/** The demo goes on without one, unlike the tests. */
function redisServer() {
  try {
    return ensureRedis();
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    return undefined;
  }
}

function emptyFolder(path) {
  rmSync(path, { recursive: true, force: true });
  mkdirSync(path);
  return path;
}
