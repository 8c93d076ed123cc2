/** The work of one tick, with and without snapshots. It takes a while, so that faults fall into its middle. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool, PoolClient } from 'pg';
import type { IdempotentExecutor } from '../../../libs/distributed-schedule/src/index.js';
import type { TaskName } from './once-plan.js';

const LONGEST_PAUSE_MS = 60;

export interface CountingParts {
  readonly executor: IdempotentExecutor<PoolClient>;
  readonly pool: Pool;
  readonly replica: string;
  readonly random: () => number;
  readonly onEffect: (task: TaskName) => void;
}

export class Counting {
  constructor(private readonly parts: CountingParts) {}

  /** One increment in the transaction of the snapshot. Resolves to how it ended. */
  async once(key: string): Promise<string> {
    const result = await this.parts.executor.runOnce(key, async (tx, { jobId }) => {
      await this.increment(tx, 'once');
      await this.pause('once');
      await this.log(tx, 'once', jobId);
    });
    return result.kind;
  }

  /** One increment, and a mark that it was made: each a transaction of its own. */
  async plain(jobId: string): Promise<string> {
    const { pool } = this.parts;
    const { rowCount } = await pool.query('SELECT 1 FROM done WHERE job_id = $1', [jobId]);
    if ((rowCount ?? 0) > 0) return 'replayed';
    await this.increment(pool, 'plain');
    await this.log(pool, 'plain', jobId);
    await this.pause('plain');
    await pool.query('INSERT INTO done VALUES ($1) ON CONFLICT DO NOTHING', [jobId]);
    return 'ran';
  }

  private async increment(client: Pool | PoolClient, task: TaskName): Promise<void> {
    await client.query('UPDATE counter SET n = n + 1 WHERE name = $1', [task]);
  }

  private async log(client: Pool | PoolClient, task: TaskName, jobId: string): Promise<void> {
    await client.query('INSERT INTO increment VALUES ($1, $2, $3)', [task, jobId, this.parts.replica]);
  }

  private async pause(task: TaskName): Promise<void> {
    this.parts.onEffect(task);
    await sleep(this.parts.random() * LONGEST_PAUSE_MS);
  }
}
