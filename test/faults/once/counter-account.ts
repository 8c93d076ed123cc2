/** The judge: what the tables say when all is over. */

import type { Pool } from 'pg';

export interface Account {
  /** The counter that is incremented through runOnce. */
  readonly counter: number;
  /** Jobs whose snapshot says success. */
  readonly successes: number;
  /** Jobs that were incremented more than once, or without a success, or that succeeded without an increment. */
  readonly wrong: readonly string[];
  /** Writes of branches that outlived their effect. */
  readonly strays: number;
  /** Successes that took more than one attempt: a fault had hit the ones before. */
  readonly repeated: number;
  /** The counter that is incremented without runOnce, the jobs that are marked as done, and those counted twice. */
  readonly plain: { readonly counter: number; readonly marked: number; readonly doubled: number };
}

const WRONG = `
  SELECT coalesce(s.job_id, i.job_id) AS job_id, s.status, i.times
  FROM distributed_schedule_snapshot s
  FULL JOIN (SELECT job_id, count(*) AS times FROM increment WHERE task = 'once' GROUP BY 1) i ON i.job_id = s.job_id
  WHERE (s.status = 'success') IS DISTINCT FROM (i.times = 1)
     AND NOT (s.status IN ('pending', 'failed') AND i.times IS NULL)`;

export async function accountOf(pool: Pool): Promise<Account> {
  const number = async (sql: string): Promise<number> =>
    Number((await pool.query<{ n: string }>(sql)).rows[0]?.n);
  const { rows } = await pool.query(WRONG);
  return {
    counter: await number("SELECT n FROM counter WHERE name = 'once'"),
    successes: await number(
      "SELECT count(*) AS n FROM distributed_schedule_snapshot WHERE status = 'success'",
    ),
    wrong: rows.map((row) => JSON.stringify(row)),
    strays: await number('SELECT count(*) AS n FROM stray'),
    repeated: await number(
      `SELECT count(*) AS n FROM distributed_schedule_snapshot
       WHERE status = 'success' AND (snapshot ->> 'attempt')::int > 1`,
    ),
    plain: {
      counter: await number("SELECT n FROM counter WHERE name = 'plain'"),
      marked: await number('SELECT count(*) AS n FROM done'),
      doubled: await number(
        `SELECT count(*) AS n FROM
         (SELECT 1 FROM increment WHERE task = 'plain' GROUP BY job_id HAVING count(*) > 1) twice`,
      ),
    },
  };
}

/** Ticks whose effect was applied. */
export async function ticksDone(pool: Pool): Promise<ReadonlySet<number>> {
  const { rows } = await pool.query<{ tick: string }>(
    "SELECT DISTINCT tick FROM increment WHERE task = 'once'",
  );
  return new Set(rows.map(({ tick }) => Number(tick)));
}
