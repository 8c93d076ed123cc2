/** What the masters of a round count themselves. */

import type { Redis } from 'ioredis';

export interface StoreCounters {
  /** What crossed the network, not what scripts did inside. */
  readonly messages: number;
  readonly bytes: number;
  /** Of all their threads. */
  readonly cpuMs: number;
  /** When they were read, on the monotonic clock of this process. */
  readonly atMs: number;
}

export interface Traffic {
  /** To all masters together, per second. Undefined where the store does not count them. */
  readonly messages: number | undefined;
  readonly kilobytes: number | undefined;
  /** Of the processor, ms per second. */
  readonly storeCpuMs: number | undefined;
}

export function trafficOf(before: StoreCounters | undefined, after: StoreCounters | undefined): Traffic {
  if (before === undefined || after === undefined)
    return { messages: undefined, kilobytes: undefined, storeCpuMs: undefined };
  const tookMs = after.atMs - before.atMs;
  return {
    messages: ((after.messages - before.messages) / tookMs) * 1_000,
    kilobytes: (after.bytes - before.bytes) / tookMs,
    storeCpuMs: ((after.cpuMs - before.cpuMs) / tookMs) * 1_000,
  };
}

export async function readCounters(masters: readonly Redis[]): Promise<StoreCounters> {
  const all = await Promise.all(masters.map(readOne));
  return {
    messages: all.reduce((sum, { messages }) => sum + messages, 0),
    bytes: all.reduce((sum, { bytes }) => sum + bytes, 0),
    cpuMs: all.reduce((sum, { cpuMs }) => sum + cpuMs, 0),
    atMs: performance.now(),
  };
}

async function readOne(master: Redis): Promise<Omit<StoreCounters, 'atMs'>> {
  const stats = `${await master.info('stats')}${await master.info('cpu')}`;
  const field = (name: string): number => Number(new RegExp(`${name}:([\\d.]+)`).exec(stats)?.[1] ?? 0);
  return {
    // What was read from a socket at once. Commands would count those of scripts as well, one per lock and tick.
    messages: field('total_reads_processed'),
    bytes: field('total_net_input_bytes') + field('total_net_output_bytes'),
    cpuMs: (field('used_cpu_user') + field('used_cpu_sys')) * 1_000,
  };
}
