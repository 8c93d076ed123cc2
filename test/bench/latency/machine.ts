/** What a figure means nothing without. */

import { cpus, loadavg, release, totalmem, type } from 'node:os';

export function machine(): string {
  const [cpu] = cpus();
  return (
    `${cpus().length} cores (${cpu?.model.trim() ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()} ${release()}, ` +
    `Node ${process.versions.node}`
  );
}

/** Average of the last minute, in processes that want a core. */
export function loadNow(): number {
  const [load = 0] = loadavg();
  return load;
}
