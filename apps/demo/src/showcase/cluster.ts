import { once } from 'node:events';
import type { ReplicaMessage } from '../replica-message.js';
import { FaultLog } from './fault-log.js';
import { findFreePorts } from './free-ports.js';
import { type ClusterSize, explainMiss, type MissReason } from './missed-tick.js';
import { RedisNode } from './redis-node.js';
import { Replica } from './replica.js';
import { Scoreboard } from './scoreboard.js';

const REPLICA_NAMES = ['A', 'B', 'C'];
const NODES = 3;

/** A master without memory abstains for one lease, and its clients meet it again within a second. */
const QUARANTINE_MS = 4_500;

export interface ClusterSetup {
  readonly folder: string;
  /** Path of redis-server. Without one there is a single replica, on the memory backend. */
  readonly redisServer: string | undefined;
  readonly tasks: readonly string[];
}

/** Masters and replicas as real processes, and what can be done to them. */
export class Cluster {
  readonly board = new Scoreboard();
  readonly faults = new FaultLog();
  readonly nodes: readonly RedisNode[];
  readonly replicas: readonly Replica[];

  private constructor({ folder, redisServer = '', tasks }: ClusterSetup, ports: readonly number[]) {
    this.nodes = ports.map((port) => new RedisNode(redisServer, port, folder));
    const env = {
      REDIS_NODES: ports.map((port) => `127.0.0.1:${port}`).join(','),
      TASKS: tasks.join(','),
      NO_COLOR: '1',
    };
    const names = ports.length > 0 ? REPLICA_NAMES : REPLICA_NAMES.slice(0, 1);
    this.replicas = names.map((name) => {
      const onMessage = (message: ReplicaMessage) => this.board.take(name, message);
      const onCrash = (how: string) => this.faults.note(`replica ${name} has ended: ${how}`);
      return new Replica({ name, folder, env, onMessage, onCrash });
    });
  }

  static async create(setup: ClusterSetup): Promise<Cluster> {
    return new Cluster(setup, setup.redisServer === undefined ? [] : await findFreePorts(NODES));
  }

  /** The memory backend is one voter, inside the only replica. */
  get size(): ClusterSize {
    return { voters: Math.max(1, this.nodes.length), replicas: this.replicas.length };
  }

  explain(task: string, tick: number): MissReason {
    return explainMiss(this.board.entry(task, tick), this.faults, this.size);
  }

  /** Rejects when `signal` aborts; what has been started by then is the caller's to kill. */
  async start(signal: AbortSignal): Promise<void> {
    await Promise.race([
      this.startAll(),
      once(signal, 'abort').then(() => {
        throw signal.reason;
      }),
    ]);
  }

  private async startAll(): Promise<void> {
    const startedMs = Date.now();
    await Promise.all(this.nodes.map((node) => node.start()));
    await Promise.all(this.replicas.map((replica) => replica.start()));
    // The quarantine of an empty store begins with the first replica that asks it.
    const votingFromMs = Date.now() + QUARANTINE_MS;
    for (let voter = 0; voter < this.size.voters; voter++) this.faults.nodeUp(voter, startedMs, votingFromMs);
  }

  get busiest(): Replica | undefined {
    return this.replicas
      .filter((replica) => replica.state === 'up')
      .sort((a, b) => this.board.runsOf(b.name) - this.board.runsOf(a.name))[0];
  }

  async killBusiest(): Promise<void> {
    const replica = this.busiest;
    if (replica === undefined) return;
    this.faults.replicaGone(replica.name, 'killed');
    this.faults.note(`kill -9 of replica ${replica.name}, the busiest`);
    await replica.kill();
  }

  pauseBusiest(durationMs: number): void {
    const replica = this.busiest;
    if (replica === undefined) return;
    this.faults.replicaGone(replica.name, 'paused');
    this.faults.note(`replica ${replica.name} is stopped where it stands, for ${durationMs / 1_000} s`);
    replica.pause();
    setTimeout(() => this.resume(replica), durationMs).unref();
  }

  async stopNode(): Promise<void> {
    const node = this.nodes.findLast((each) => each.isUp);
    if (node === undefined) return;
    this.faults.nodeDown(this.nodes.indexOf(node));
    this.faults.note(`Redis ${node.port} is killed`);
    await node.kill();
  }

  /** Empty, as it has no disk: one that is down, else one that is up. */
  async restartNode(): Promise<void> {
    const node = this.nodes.find((each) => !each.isUp) ?? this.nodes.at(-1);
    if (node === undefined) return;
    const index = this.nodes.indexOf(node);
    this.faults.nodeDown(index);
    await node.kill();
    await node.start();
    this.faults.nodeUp(index, Date.now(), Date.now() + QUARANTINE_MS);
    this.faults.note(`Redis ${node.port} starts again with nothing in it and abstains for a lease`);
  }

  async bringAllBack(): Promise<void> {
    while (this.nodes.some((node) => !node.isUp)) await this.restartNode();
    for (const replica of this.replicas) {
      this.resume(replica);
      if (replica.state !== 'down') continue;
      this.faults.note(`replica ${replica.name} starts again`);
      await replica.start();
      this.faults.replicaBack(replica.name);
    }
  }

  /** Replicas first, as a deploy does it, and then the masters. */
  async stop(): Promise<void> {
    await Promise.all(this.replicas.map((replica) => replica.stop()));
    await Promise.all(this.nodes.map((node) => node.kill()));
  }

  /** For the end of this process, whatever its cause: leaves nothing behind. */
  async killAll(): Promise<void> {
    await Promise.all([...this.replicas, ...this.nodes].map((each) => each.kill()));
  }

  private resume(replica: Replica): void {
    if (replica.state !== 'paused') return;
    replica.resume();
    this.faults.replicaBack(replica.name);
    this.faults.note(`replica ${replica.name} goes on`);
  }
}
