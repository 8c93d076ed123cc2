/** Three masters and three replicas that are hurt and mended many times over. */

import { statSync } from 'node:fs';
import type { SeededRandom } from 'nestjs-distributed-schedule/testing';
import type { RunLine } from '../../../apps/demo/src/run-record.js';
import type { Replica } from '../../support/replica.js';
import { Stage, untilTime } from '../../support/stage.js';
import { type Failure, type Scene, SECOND_MS, type Struck, type TickAccount } from './failure.js';

const POLL_EVERY_MS = 10;
const START_WITHIN_MS = 15_000;
const JOIN_WITHIN_MS = 30_000;

/** A replica that is stopped when this process ends would not notice that its parent has gone. */
const STAGES = new Set<Stage>();
process.once('exit', () => {
  for (const { replicas } of STAGES) for (const replica of replicas) void replica.kill('SIGKILL');
});

export interface ClusterOptions {
  /** Of all replicas. */
  readonly env: Readonly<Record<string, string>>;
  readonly replicas?: number;
  /** Adds what the masters and replicas alone do not make. */
  readonly assemble?: (cluster: Cluster) => Promise<void>;
  /** Resolves to a tick when the cluster works. Absent: when two ticks in a row have run. */
  readonly settled?: (cluster: Cluster) => Promise<number>;
}

export class Cluster {
  /** The trials are accounted for from here on. */
  private firstTick = 0;

  private constructor(
    readonly stage: Stage,
    readonly random: SeededRandom,
  ) {}

  static async open(random: SeededRandom, options: ClusterOptions): Promise<Cluster> {
    const { env, replicas = 3, assemble, settled } = options;
    const cluster = new Cluster(await Stage.open({ env, replicas }), random);
    STAGES.add(cluster.stage);
    try {
      await assemble?.(cluster);
      cluster.firstTick = await (settled?.(cluster) ?? cluster.untilSettled());
      return cluster;
    } catch (error) {
      await cluster.stage.close();
      throw error;
    }
  }

  /** Resolves to a run that starts from now on. */
  nextRun(): Promise<RunLine> {
    return this.startAfter(Date.now());
  }

  /** Resolves to the end of a run that ends from now on. */
  nextEnd(): Promise<RunLine> {
    const nowMs = Date.now();
    return this.line('a run that ends', ({ phase, atMs }) => phase === 'end' && atMs >= nowMs);
  }

  /** Resolves to the first run that started after `epochMs`. */
  startAfter(epochMs: number): Promise<RunLine> {
    return this.line(
      'a run that starts',
      ({ phase, startedMs }) => phase === 'start' && startedMs >= epochMs,
    );
  }

  /** Resolves to the run of the first tick at or after `tick`. */
  startOf(tick: number): Promise<RunLine> {
    return this.line('a tick that runs', (line) => line.phase === 'start' && line.tick >= tick);
  }

  aborted(replica: Replica): Promise<RunLine> {
    const { pid } = replica;
    return this.line('a run that is aborted', (line) => line.phase === 'aborted' && line.pid === pid);
  }

  replicaOf(run: RunLine): Replica {
    return this.stage.replica(run.replica);
  }

  /** Resolves to a tick once that one and the tick before it have run. */
  async untilSettled(): Promise<number> {
    const { tick } = await this.nextRun();
    return (await this.startOf(tick + SECOND_MS)).tick;
  }

  /** A new replica for one that has died. Resolves when it has taken part in a tick, and another has run since. */
  async replace(): Promise<void> {
    const replica = await this.stage.join();
    const late = setTimeout(() => void replica.kill('SIGKILL'), JOIN_WITHIN_MS);
    await replica.until(() => replica.messages.some(({ type }) => type === 'tick' || type === 'started'));
    clearTimeout(late);
    if (!replica.isAlive) throw new Error(`${replica.name} took part in nothing:\n${replica.log()}`);
    await this.nextRun();
  }

  account(): TickAccount {
    const lastTick = this.stage.record.last()?.tick ?? 0;
    const { missed, doubled } = this.stage.record.account(this.firstTick, lastTick);
    return {
      missed: missed.length,
      doubled: doubled.length,
      stories: missed.map((tick) => `${tick} did not run: ${this.outcomesOf(tick)}`),
    };
  }

  private outcomesOf(tick: number): string {
    const told = this.stage.replicas.flatMap(({ name, messages }) =>
      messages.flatMap((message) =>
        message.type === 'tick' && message.tick === tick
          ? [`${name} ${message.outcome} (${message.detail ?? ''})`]
          : [],
      ),
    );
    return told.length === 0 ? 'nobody said why' : told.join(', ');
  }

  /** The first line that fits. The file is read again only when it has grown. */
  private async line(what: string, fits: (line: RunLine) => boolean): Promise<RunLine> {
    const { record } = this.stage;
    const deadlineMs = performance.now() + START_WITHIN_MS;
    let readBytes = -1;
    for (;;) {
      const { size } = statSync(record.file);
      const found = size === readBytes ? undefined : record.lines().find(fits);
      if (found !== undefined) return found;
      readBytes = size;
      if (performance.now() > deadlineMs) throw new Error(`${what}: not within ${START_WITHIN_MS} ms`);
      await untilTime(Date.now() + POLL_EVERY_MS);
    }
  }
}

/** A kind of failure that happens in a cluster of its own. */
export function onCluster(
  about: Omit<Failure, 'open'>,
  options: ClusterOptions,
  strike: (cluster: Cluster) => Promise<Struck>,
): Failure {
  return {
    ...about,
    open: async (random): Promise<Scene> => {
      const cluster = await Cluster.open(random, options);
      return {
        strike: () => strike(cluster),
        account: () => cluster.account(),
        close: () => cluster.stage.close(),
      };
    },
  };
}
