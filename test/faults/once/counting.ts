/** The work of one tick, with and without snapshots. It takes a while, so that faults fall into its middle. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { Pool, PoolClient } from 'pg';
import type { IdempotentExecutor } from '#src/index.js';
import { randomHabit } from './effect-habits.js';
import type { TaskName } from './once-plan.js';

const MAX_PAUSE_MS = 60;

export interface CountingParts {
  readonly executor: IdempotentExecutor<PoolClient>;
  readonly pool: Pool;
  readonly replica: string;
  readonly random: () => number;
  readonly onEffect: (task: TaskName) => void;
}

interface Job {
  readonly tick: number;
  readonly jobId: string;
}

export class Counting {
  constructor(private readonly parts: CountingParts) {}

  /** One increment in the transaction of the snapshot. Resolves to how it ended. */
  async once(key: string, tick: number): Promise<string> {
    const { executor, random, onEffect } = this.parts;
    const result = await executor.runOnce(key, async (tx, { jobId }) => {
      const habit = randomHabit(random);
      await habit.run({
        ...{ tx, jobId, random },
        increment: () => this.increment(tx, 'once'),
        log: () => this.log(tx, 'once', { tick, jobId }),
        onMiddle: () => onEffect('once'),
      });
    });
    return result.kind;
  }

  /** One increment, and a mark that it was made: each a transaction of its own. */
  async plain(jobId: string, tick: number): Promise<string> {
    const { pool, random, onEffect } = this.parts;
    const { rowCount } = await pool.query('SELECT 1 FROM done WHERE job_id = $1', [jobId]);
    if ((rowCount ?? 0) > 0) return 'replayed';
    await this.increment(pool, 'plain');
    await this.log(pool, 'plain', { tick, jobId });
    onEffect('plain');
    await sleep(random() * MAX_PAUSE_MS);
    await pool.query('INSERT INTO done VALUES ($1) ON CONFLICT DO NOTHING', [jobId]);
    return 'ran';
  }

  private async increment(client: Pool | PoolClient, task: TaskName): Promise<void> {
    await client.query('UPDATE counter SET n = n + 1 WHERE name = $1', [task]);
  }

  private async log(client: Pool | PoolClient, task: TaskName, { tick, jobId }: Job): Promise<void> {
    await client.query('INSERT INTO increment VALUES ($1, $2, $3, $4)', [
      task,
      tick,
      jobId,
      this.parts.replica,
    ]);
  }
}
