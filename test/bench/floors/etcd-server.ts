/** A real etcd of one member, in a temporary folder, on free ports. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isExecutable, programFolders } from '../../../scripts/ensure-server.mjs';
import { freePort } from '../../support/free-port.js';
import { killAtExit, removeFolder, temporaryFolder } from '../../support/leftovers.js';

export interface EtcdServer {
  readonly url: string;
  stop(): Promise<void>;
}

const READY_WITHIN_MS = 30_000;
const ASK_EVERY_MS = 50;

/** @returns undefined where etcd is not installed */
export function findEtcd(): string | undefined {
  return programFolders()
    .map((folder) => join(folder, 'etcd'))
    .find(isExecutable);
}

export async function startEtcd(program: string): Promise<EtcdServer> {
  const [clients, peers] = [await localUrl(), await localUrl()];
  const folder = temporaryFolder('bench-etcd');
  const settings = {
    'data-dir': join(folder, 'data'),
    'listen-client-urls': clients,
    'advertise-client-urls': clients,
    'listen-peer-urls': peers,
    'initial-advertise-peer-urls': peers,
    'initial-cluster': `default=${peers}`,
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  const child = spawn(program, args, { stdio: 'ignore' });
  killAtExit(child);
  const ended = once(child, 'exit');
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
    removeFolder(folder);
  };
  const deadlineMs = performance.now() + READY_WITHIN_MS;
  while (!(await isHealthy(clients))) {
    if (child.exitCode !== null || performance.now() > deadlineMs) {
      await stop();
      throw new Error(`etcd did not answer within ${READY_WITHIN_MS} ms`);
    }
    await sleep(ASK_EVERY_MS);
  }
  return { url: clients, stop };
}

async function localUrl(): Promise<string> {
  return `http://127.0.0.1:${await freePort()}`;
}

async function isHealthy(url: string): Promise<boolean> {
  return fetch(`${url}/health`).then(
    ({ ok }) => ok,
    () => false,
  );
}
