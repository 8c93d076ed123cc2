/** Packages that only the benchmark needs: scripts/install-bench-peers.mjs installs them below test/bench/peers. */

import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const fromPeers = createRequire(join(import.meta.dirname, '../../peers/package.json'));

/** @param name of a package in test/bench/peers/package.json, which has no types here */
export async function peer<Exports>(name: string): Promise<Exports> {
  return (await import(pathToFileURL(fromPeers.resolve(name)).href)) as Exports;
}
