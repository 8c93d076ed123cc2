/** Three masters, a PostgreSQL, three replicas, and links of each replica's own to all of them. */

import { fileURLToPath } from 'node:url';
import { migrationSql } from '#src/postgres/migration.js';
import { ProxyHost, type ProxyLink } from '../../support/faults/tcp-proxy.js';
import { type PostgresServer, startPostgres } from '../../support/postgres-server.js';
import { type RedisServer, startRedis } from '../../support/redis-server.js';
import { compiled } from './compiled-program.js';
import { type FromReplica, TABLES, type Telling } from './once-plan.js';
import { ReplicaProcess } from './replica-process.js';

const PROGRAM = fileURLToPath(new URL('./once-replica.ts', import.meta.url));
const MASTERS = 3;
const SLOTS = 3;

export interface Slot {
  readonly index: number;
  readonly redisLinks: readonly ProxyLink[];
  readonly postgresLink: ProxyLink;
  replica: ReplicaProcess;
}

export class CounterScene {
  readonly slots: Slot[] = [];
  /** What makes the run void. */
  readonly troubles: string[] = [];
  /** How attempts have ended, by task: `once ran`, `plain ran`, `once DSCHED_JOB_PENDING` … */
  readonly endings = new Map<string, number>();
  /** What the replicas have told of ticks, in the order in which it came. */
  readonly tellings: Telling[] = [];
  private started = 0;
  private restarting = Promise.resolve(true);

  private constructor(
    readonly postgres: PostgresServer,
    private readonly masters: readonly RedisServer[],
    private readonly proxy: ProxyHost,
    private readonly seed: number,
    private readonly repeats: boolean,
    private readonly program: string,
  ) {}

  static async open({
    seed,
    repeats,
  }: {
    readonly seed: number;
    readonly repeats: boolean;
  }): Promise<CounterScene> {
    const program = compiled(PROGRAM);
    const [postgres, masters] = await Promise.all([
      startPostgres(),
      Promise.all(Array.from({ length: MASTERS }, () => startRedis())),
    ]);
    const scene = new CounterScene(postgres, masters, ProxyHost.open(), seed, repeats, program);
    const pool = postgres.pool();
    await pool.query(migrationSql());
    await pool.query(TABLES);
    for (let index = 0; index < SLOTS; index += 1) await scene.addSlot(index);
    await Promise.all(scene.slots.map(({ replica }) => replica.ready));
    return scene;
  }

  /** A new replica in the place of one that has died. */
  async restart(slot: Slot): Promise<void> {
    slot.replica = this.start(slot.index, slot.redisLinks, slot.postgresLink);
    await slot.replica.ready.catch(() => undefined);
  }

  /** Resolves to whether there is another server now. One restart at a time: each waits for the one before it. */
  restartPostgres(): Promise<boolean> {
    this.restarting = this.restarting.then(async () => {
      const before = this.postgres.pid;
      await this.postgres.kill();
      await this.postgres.start();
      return this.postgres.pid !== before;
    });
    return this.restarting;
  }

  /** Lets the replicas end what is under way. */
  async end(): Promise<void> {
    await Promise.all(this.slots.map(({ replica }) => replica.end()));
  }

  async close(): Promise<void> {
    await Promise.all(this.slots.map(({ replica }) => replica.kill()));
    await this.proxy.close();
    await Promise.all([this.postgres.stop(), ...this.masters.map((master) => master.stop())]);
  }

  private async addSlot(index: number): Promise<void> {
    const redisLinks = await Promise.all(this.masters.map(({ url }) => this.proxy.link(url)));
    const postgresLink = await this.proxy.link(this.postgres.url);
    this.slots.push({
      index,
      redisLinks,
      postgresLink,
      replica: this.start(index, redisLinks, postgresLink),
    });
  }

  private start(index: number, redisLinks: readonly ProxyLink[], { url }: ProxyLink): ReplicaProcess {
    this.started += 1;
    const routes = this.masters.map((master, node) => [new URL(master.url).host, redisLinks[node]?.port]);
    const plan = {
      replica: `replica-${'ABC'[index]}${this.started}`,
      seed: this.seed * 1_000 + this.started,
      redis: this.masters.map((master) => master.url),
      postgres: url,
      repeats: this.repeats,
    };
    return new ReplicaProcess(this.program, plan, Object.fromEntries(routes), {
      onMessage: (message) => this.hear(message),
      onTrouble: (what) => this.troubles.push(what),
    });
  }

  private hear(message: FromReplica): void {
    if (message.kind === 'told') this.tellings.push(message);
    if (message.kind !== 'ended') return;
    const ending = `${message.task} ${message.how}`;
    this.endings.set(ending, (this.endings.get(ending) ?? 0) + 1);
  }
}
