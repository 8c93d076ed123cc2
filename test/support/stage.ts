/** Real Redis masters and real replicas around one record file, for one end-to-end test. */

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { removeFolder, temporaryFolder } from './leftovers.js';
import { type RedisServer, type RedisServerOptions, startRedis } from './redis-server.js';
import { Replica } from './replica.js';
import { RunRecordReader } from './run-record.js';

export interface StageOptions {
  readonly masters?: number;
  readonly replicas?: number;
  /** Of all masters. */
  readonly redis?: RedisServerOptions;
  /** Environment of all replicas, and of each by its index. */
  readonly env?: Readonly<Record<string, string>>;
  readonly envOf?: (index: number) => Readonly<Record<string, string>>;
}

export class Stage {
  readonly replicas: Replica[] = [];

  private constructor(
    readonly masters: readonly RedisServer[],
    readonly record: RunRecordReader,
    private readonly directory: string,
    private readonly options: StageOptions,
  ) {}

  static async open(options: StageOptions = {}): Promise<Stage> {
    const directory = temporaryFolder('stage');
    const file = join(directory, 'runs.jsonl');
    writeFileSync(file, '');
    const masters = await Promise.all(
      Array.from({ length: options.masters ?? 3 }, () => startRedis(options.redis)),
    );
    const stage = new Stage(masters, new RunRecordReader(file), directory, options);
    await Promise.all(Array.from({ length: options.replicas ?? 3 }, () => stage.join()));
    return stage;
  }

  /** Starts one more replica. */
  async join(env: Readonly<Record<string, string>> = {}): Promise<Replica> {
    const index = this.joined;
    this.joined += 1;
    const replica = await Replica.start(`replica-${index + 1}`, {
      REDIS_NODES: this.masters.map(({ url }) => url).join(','),
      RECORD_FILE: this.record.file,
      TASKS: 'settle',
      ...this.options.env,
      ...this.options.envOf?.(index),
      ...env,
    });
    this.replicas.push(replica);
    return replica;
  }

  /** Resolves to the tick of the newest run once ticks run: new masters abstain for one time to live at first. */
  async settled(): Promise<number> {
    const from = this.record.last()?.tick ?? 0;
    const lines = await this.record.until('three runs in a row', (seen) => {
      const ticks = seen
        .filter(({ phase, tick }) => phase === 'start' && tick > from)
        .map(({ tick }) => tick);
      return ticks.length >= 3;
    });
    return lines.at(-1)?.tick ?? 0;
  }

  replica(name: string | undefined): Replica {
    const found = this.replicas.find((replica) => replica.name === name);
    if (found === undefined) throw new Error(`no replica ${name}`);
    return found;
  }

  async close(): Promise<void> {
    for (const replica of this.replicas) replica.resume();
    await Promise.all(this.replicas.map((replica) => replica.kill('SIGKILL')));
    await Promise.all(this.masters.map((master) => master.stop()));
    removeFolder(this.directory);
  }

  private joined = 0;
}

/** Waits until the machine's clock, which nodes and tests share, shows `epochMs`. */
export async function untilTime(epochMs: number): Promise<void> {
  while (Date.now() < epochMs) {
    await new Promise((resolve) => setTimeout(resolve, Math.max(1, epochMs - Date.now())));
  }
}
