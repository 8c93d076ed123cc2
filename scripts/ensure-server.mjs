// Finds a server program on this machine, or installs its package where that needs no password. Used by
// ensure-redis.mjs, ensure-postgres.mjs and ensure-pgbouncer.mjs.

import { spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';
import { pathToFileURL } from 'node:url';

/** Places where packages put programs that are not on everybody's PATH. */
const MORE_FOLDERS = [
  '/usr/local/bin',
  '/usr/bin',
  '/usr/sbin',
  '/opt/homebrew/bin',
  '/home/linuxbrew/.linuxbrew/bin',
];

/** Folders in which a program may be, in the order in which they are looked through. */
export function programFolders() {
  return [...(process.env.PATH ?? '').split(delimiter), ...MORE_FOLDERS];
}

/**
 * What `find` finds, after an installation if need be.
 * @param {{ name: string, apt: string, brew: string, service: string, find: () => string | undefined }} server
 * @throws Error with one line on what to do, where nothing may be installed
 */
export function ensureServer({ name, apt, brew, service, find }) {
  const found = find();
  if (found !== undefined) return found;
  const installer = chooseInstaller(apt, brew, service);
  if (installer === undefined) {
    throw new Error(
      `${name} is not on this machine and cannot be installed without asking: run ` +
        `"sudo apt-get install ${apt}" (Debian, Ubuntu) or "brew install ${brew}" (macOS), then try again.`,
    );
  }
  process.stderr.write(`${name} is missing; installing it with ${installer.name}\n`);
  // The output goes to stderr: callers read our stdout.
  spawnSync(installer.command, installer.args, { stdio: ['ignore', process.stderr, process.stderr] });
  const installed = find();
  if (installed === undefined) {
    throw new Error(`${installer.name} did not install ${name} (see above); install it, then try again.`);
  }
  return installed;
}

/** Prints what `ensure` finds, when the script was called by hand. */
export function answerCommandLine(scriptUrl, ensure) {
  if (scriptUrl !== pathToFileURL(process.argv[1] ?? '').href) return;
  try {
    process.stdout.write(`${ensure()}\n`);
  } catch (error) {
    process.stderr.write(`${error.message}\n`);
    process.exitCode = 1;
  }
}

/**
 * The Debian package would start a server and enable it at boot. Nobody asked for that: policy-rc.d forbids the
 * start while the package is set up, and the service is disabled afterwards.
 */
function installOnDebian(apt, service) {
  return `
set -e
policy=/usr/sbin/policy-rc.d
if [ ! -e "$policy" ]; then
  printf '#!/bin/sh\\nexit 101\\n' > "$policy"
  chmod 755 "$policy"
  trap 'rm -f "$policy"' EXIT
fi
apt-get update -qq
DEBIAN_FRONTEND=noninteractive apt-get install -y -qq -o Dpkg::Use-Pty=0 --no-install-recommends ${apt}
if command -v systemctl > /dev/null; then systemctl disable ${service} > /dev/null 2>&1 || true; fi
`;
}

function chooseInstaller(apt, brew, service) {
  if (process.platform === 'darwin' && onPath('brew')) {
    return { name: 'brew', command: 'brew', args: ['install', brew] };
  }
  if (process.platform !== 'linux' || !onPath('apt-get')) return undefined;
  const script = installOnDebian(apt, service);
  if (process.getuid?.() === 0) return { name: 'apt-get', command: 'sh', args: ['-c', script] };
  if (spawnSync('sudo', ['-n', 'true'], { stdio: 'ignore' }).status !== 0) return undefined;
  return { name: 'apt-get', command: 'sudo', args: ['-n', 'sh', '-c', script] };
}

function onPath(name) {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => isExecutable(join(folder, name)));
}

export function isExecutable(path) {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
