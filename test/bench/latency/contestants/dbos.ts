import pg from 'pg';
import type { Contestant } from '../contestant.js';
import { peer } from './peers.js';

type Workflow = (scheduledAt: Date, index: unknown) => Promise<void>;
interface Dbos {
  readonly DBOS: {
    setConfig(config: object): void;
    registerWorkflow(workflow: Workflow, options: { name: string }): Workflow;
    launch(): Promise<void>;
    applySchedules(
      schedules: readonly {
        scheduleName: string;
        workflowFn: Workflow;
        schedule: string;
        context: unknown;
      }[],
    ): Promise<void>;
  };
}

/** The server of the tests takes 60 connections, and each process has one more, which listens. */
const CONNECTIONS = 48;
/** What it opens for itself where nobody says anything. */
const MAX_POOL = 10;

/** A queue in PostgreSQL: every process puts a tick in under its nominal time, one of them takes it out. */
export const DBOS_SCHEDULES: Contestant = {
  async start({ postgresUrl, namespace, tasks, instances, index: mine }, ran) {
    const { DBOS } = await peer<Dbos>('@dbos-inc/dbos-sdk');
    DBOS.setConfig({
      name: namespace,
      systemDatabaseUrl: new URL('/schedules', postgresUrl).href,
      systemDatabasePoolSize: Math.max(1, Math.min(MAX_POOL, Math.floor(CONNECTIONS / instances) - 1)),
      executorID: `process${mine}`,
      logLevel: 'error',
    });
    const workflowFn = DBOS.registerWorkflow(
      async (scheduledAt, index) => ran(index as number, scheduledAt.getTime()),
      {
        name: 'chore',
      },
    );
    await oneAfterTheOther(postgresUrl, () => DBOS.launch());
    if (mine !== 0) return;
    const chores = Array.from({ length: tasks }, (_, index) => ({
      scheduleName: `chore${index}`,
      ...{ workflowFn, schedule: '* * * * * *', context: index },
    }));
    await DBOS.applySchedules(chores);
  },
};

/**
 * The launch makes its tables, and fails where two processes do at the same time. The lock is held in another database: indexes are made
 * concurrently, which waits for all statements of theirs.
 */
async function oneAfterTheOther(url: string, launch: () => Promise<void>): Promise<void> {
  const client = new pg.Client(url);
  await client.connect();
  await client.query('SELECT pg_advisory_lock(1)');
  await launch();
  await client.end();
}
