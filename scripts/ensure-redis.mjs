#!/usr/bin/env node
// Finds a redis-server on this machine, or installs one where that needs no password. No npm package ships one.

import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Places where packages put it that are not on everybody's PATH. */
const MORE_FOLDERS = ['/usr/local/bin', '/usr/bin', '/opt/homebrew/bin', '/home/linuxbrew/.linuxbrew/bin'];

/**
 * The Debian package would start a server and enable it at boot. Nobody asked for that: policy-rc.d forbids the
 * start while the package is set up, and the service is disabled afterwards.
 */
const INSTALL_ON_DEBIAN = `
set -e
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\\nexit 101\\n' > "$policy"
  chmod 755 "$policy"
  trap 'rm -f "$policy"' EXIT
fi
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq -o Dpkg::Use-Pty=0 --no-install-recommends redis-server
if command -v systemctl > /dev/null; then systemctl disable redis-server > /dev/null 2>&1 || true; fi
`;

/** The path of a redis-server, or undefined. REDIS_SERVER names one that is to be taken. */
export function findRedisServer() {
  if (process.env.REDIS_SERVER) return process.env.REDIS_SERVER;
  const folders = [...(process.env.PATH ?? '').split(delimiter), ...MORE_FOLDERS];
  return folders.map((folder) => join(folder, 'redis-server')).find(isExecutable);
}

/**
 * The path of a redis-server, installed if need be.
 * @throws Error with one line on what to do, where nothing may be installed
 */
export function ensureRedis() {
  const found = findRedisServer();
  if (found !== undefined) return found;
  const installer = chooseInstaller();
  if (installer === undefined) {
    throw new Error(
      'redis-server is not on this machine and cannot be installed without asking: run ' +
        '"sudo apt-get install redis-server" (Debian, Ubuntu) or "brew install redis" (macOS), then try again.',
    );
  }
  process.stderr.write(`redis-server is missing; installing it with ${installer.name}\n`);
  // The output goes to stderr: callers read our stdout.
  spawnSync(installer.command, installer.args, { stdio: ['ignore', process.stderr, process.stderr] });
  const installed = findRedisServer();
  if (installed === undefined) {
    throw new Error(
      `${installer.name} did not install redis-server (see above); install it, then try again.`,
    );
  }
  return installed;
}

function chooseInstaller() {
  if (process.platform === 'darwin' && onPath('brew')) {
    return { name: 'brew', command: 'brew', args: ['install', 'redis'] };
  }
  if (process.platform !== 'linux' || !onPath('apt-get')) return undefined;
  if (process.getuid?.() === 0) return { name: 'apt-get', command: 'sh', args: ['-c', INSTALL_ON_DEBIAN] };
  if (spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status !== 0) return undefined;
  return { name: 'apt-get', command: 'sudo', args: ['-n', 'sh', '-c', INSTALL_ON_DEBIAN] };
}

function onPath(name) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => isExecutable(join(folder, name)));
}

function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    process.stdout.write(`${ensureRedis()}\n`);
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}
