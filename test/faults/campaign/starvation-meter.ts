/**
 * How long processes were ready to run and got no processor, from Linux's own account of each (`schedstat`). On a busy
 * machine an answer can come later than the node timeout without any fault; this tells such a miss from a broken promise.
 */

import { readFileSync } from 'node:fs';
import type { Starvation } from './account/incident.js';
import { machineMs } from './machine-clock.js';

const PERIOD_MS = 100;
/** Less than this in a period is ordinary. */
const WORTH_NOTING_MS = 10;
const NS_PER_MS = 1e6;

export class StarvationMeter {
  readonly seen: Starvation[] = [];
  private readonly waitedMs = new Map<number, number>();
  private readAtMs = machineMs();
  private readonly timer: NodeJS.Timeout;

  constructor(private readonly processes: () => ReadonlyMap<number, string>) {
    this.timer = setInterval(() => this.sample(), PERIOD_MS);
    this.timer.unref();
  }

  stop(): void {
    clearInterval(this.timer);
  }

  private sample(): void {
    const nowMs = machineMs();
    for (const [pid, process] of this.processes()) {
      const waitedMs = readWaitedMs(pid);
      if (waitedMs === undefined) continue;
      const moreMs = waitedMs - (this.waitedMs.get(pid) ?? waitedMs);
      this.waitedMs.set(pid, waitedMs);
      if (moreMs >= WORTH_NOTING_MS) {
        this.seen.push({ process, fromMs: this.readAtMs, toMs: nowMs, waitedMs: moreMs });
      }
    }
    this.readAtMs = nowMs;
  }
}

/** Undefined where the kernel keeps no account, or the process is gone. */
function readWaitedMs(pid: number): number | undefined {
  try {
    const [, waitedNs] = readFileSync(`/proc/${pid}/schedstat`, 'utf8').split(' ');
    return Number(waitedNs) / NS_PER_MS;
  } catch {
    return undefined;
  }
}
