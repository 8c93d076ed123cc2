/** Real masters and replicas, each replica with a way of its own to each master, for one proof. */

import { fileURLToPath } from 'node:url';
import { ProxyHost, type ProxyLink } from '../../support/faults/tcp-proxy.js';
import type { RedisServer, RedisServerOptions } from '../../support/redis-server.js';
import type { Replica } from '../../support/replica.js';
import type { RunRecordReader } from '../../support/run-record.js';
import { Stage } from '../../support/stage.js';

const DETOUR = fileURLToPath(new URL('../../bench/recovery/detour.mjs', import.meta.url));
const SECOND_MS = 1_000;
const RUNS_WITHIN_MS = 20_000;

export interface FleetOptions {
  readonly masters?: number;
  /** At first. */
  readonly replicas?: number;
  readonly redis?: RedisServerOptions;
  /** Of all replicas. */
  readonly env?: Readonly<Record<string, string>>;
}

export class Fleet {
  private readonly linksOfReplica = new Map<Replica, readonly ProxyLink[]>();

  private constructor(
    private readonly stage: Stage,
    private readonly proxies: ProxyHost,
  ) {}

  /** Resolves when ticks run. */
  static async open({ masters = 3, replicas = 2, redis = {}, env = {} }: FleetOptions): Promise<Fleet> {
    const stage = await Stage.open({ masters, replicas: 0, redis, env: { TASK_MS: '5', ...env } });
    const fleet = new Fleet(stage, ProxyHost.open());
    try {
      await Promise.all(Array.from({ length: replicas }, () => fleet.join()));
      await fleet.runsAfter(Date.now());
      return fleet;
    } catch (error) {
      await fleet.close();
      throw error;
    }
  }

  get masters(): readonly RedisServer[] {
    return this.stage.masters;
  }

  get record(): RunRecordReader {
    return this.stage.record;
  }

  get replicas(): readonly Replica[] {
    return this.stage.replicas;
  }

  /** One more instance that names the masters as all others do. */
  async join(): Promise<Replica> {
    const links = await Promise.all(this.masters.map(({ url }) => this.proxies.link(url)));
    const detours = links.map(({ port, targetUrl }) => `${new URL(targetUrl).port}:${port}`);
    const replica = await this.stage.join({
      NODE_OPTIONS: `--import=${DETOUR}`,
      DETOURS: detours.join(','),
    });
    this.linksOfReplica.set(replica, links);
    return replica;
  }

  /** An instance of the same application whose nodes are others. */
  joinWith(nodes: readonly RedisServer[], env: Readonly<Record<string, string>>): Promise<Replica> {
    return this.stage.join({ REDIS_NODES: nodes.map(({ url }) => url).join(','), ...env });
  }

  /** Of all replicas, or of one. */
  links(replica?: Replica): readonly ProxyLink[] {
    if (replica !== undefined) return this.linksOfReplica.get(replica) ?? [];
    return [...this.linksOfReplica.values()].flat();
  }

  /** Every replica's way to one master. */
  linksTo(node: number): readonly ProxyLink[] {
    return [...this.linksOfReplica.values()].flatMap((links) => links.slice(node, node + 1));
  }

  /** Resolves to the first tick that has run after `epochMs`. */
  async runsAfter(epochMs: number): Promise<number> {
    const isLater = ({ phase, tick }: { phase: string; tick: number }): boolean =>
      phase === 'start' && tick > epochMs;
    const lines = await this.record.until('a run', (seen) => seen.some(isLater), RUNS_WITHIN_MS);
    return lines.find(isLater)?.tick ?? 0;
  }

  /** Every second due in the span: how often it ran. */
  runsPerTick(first: number, last: number): readonly number[] {
    const starts = this.record.starts();
    return Array.from(
      { length: (last - first) / SECOND_MS + 1 },
      (_, index) => starts.filter(({ tick }) => tick === first + index * SECOND_MS).length,
    );
  }

  /** What was said about a tick, for the message of a failure. */
  said(tick: number): string {
    return this.replicas
      .flatMap(({ name, messages }) =>
        messages.flatMap((one) => {
          if (one.type === 'tick' && one.tick === tick)
            return [`${name} ${one.outcome} (${one.detail ?? ''})`];
          return one.type === 'audit' && one.finding.tick === tick
            ? [`${name} told ${one.finding.outcome}`]
            : [];
        }),
      )
      .join('; ');
  }

  /** Whether somebody has said that nobody ran the tick. */
  isToldMissed(tick: number): boolean {
    return this.replicas.some(({ messages }) =>
      messages.some(
        (one) => one.type === 'audit' && one.finding.tick === tick && one.finding.outcome === 'missed',
      ),
    );
  }

  async close(): Promise<void> {
    await this.stage.close();
    await this.proxies.close();
  }
}

/** The first full second that is more than `marginMs` away. */
export function nextTick(marginMs = 100): number {
  return Math.ceil((Date.now() + marginMs) / SECOND_MS) * SECOND_MS;
}
