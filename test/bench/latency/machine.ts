import { cpus, loadavg, release, totalmem, type } from 'node:os';

/** What a figure means nothing without. */
export function machineNow(): string {
  const [cpu] = cpus();
  const [load = 0] = loadavg();
  return (
    `${cpus().length} cores (${cpu?.model.trim() ?? 'unknown'}), ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()} ${release()}, ` +
    `Node ${process.versions.node}, load ${load.toFixed(1)}`
  );
}
