import type { FleetResult } from '../../bench/latency/fleet.js';
import type { Measured } from '../../bench/latency/row.js';

export function resultOf(given: Partial<FleetResult> = {}): FleetResult {
  return {
    ...{ due: 40, doubled: 0, missed: 0, early: 0, p50Ms: 2, p99Ms: 9 },
    ...{ cpuMs: 3, rssMiB: 60, messages: 12, kilobytes: 5, storeCpuMs: 4, bootMs: 90, loopDelayMs: 0 },
    ...given,
  };
}

export function measuredOf(contestant: string, ...results: readonly FleetResult[]): Measured {
  return { tasks: 20, instances: 2, contestant, isLocal: false, results };
}
