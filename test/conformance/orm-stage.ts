import { describe } from 'vitest';
import type { SnapshotStore } from '#src/once/snapshot-store.js';
import { SystemClock } from '#src/system/system-clock.js';
import { SystemRandom } from '#src/system/system-random.js';
import { endSession } from '../support/end-session.js';
import { lacksPgbouncer } from '../support/lacks-pgbouncer.js';
import { lacksPostgres } from '../support/lacks-postgres.js';
import type { OrmKind } from '../support/orm-stage.js';
import { startPgbouncer } from '../support/pgbouncer.js';
import { startPostgres } from '../support/postgres-server.js';
import { describeOrmConnections } from './orm-connections.suite.js';
import { describeOrmEffects } from './orm-effects.suite.js';
import { describeSnapshotStore, type SnapshotStage } from './snapshot-store.suite.js';

const PARTS = { clock: new SystemClock(), random: new SystemRandom(), namespace: 'test' };

/** The suite of every store, and that of effects, for one ORM. */
export function describeOrm<Tx>(kind: OrmKind<Tx>): void {
  describe.skipIf(lacksPostgres(`the snapshot store over ${kind.name}`))('with a real server', () => {
    for (const isolation of ['read committed', 'serializable'] as const) {
      describeSnapshotStore(`over ${kind.name}, ${isolation}`, () => stageOf(kind, { isolation }));
    }
    describeOrmEffects(kind);
    describeOrmConnections(kind);
  });
  if (kind.needsOwnSession === true) return;
  describe.skipIf(lacksPgbouncer(`the snapshot store over ${kind.name}, behind pgbouncer`))(
    'with a real pooler',
    () => {
      describeSnapshotStore(`over ${kind.name}, behind pgbouncer that pools by transaction`, () =>
        stageOf(kind, { isPooled: true }),
      );
    },
  );
}

interface StageSettings {
  readonly isolation?: 'read committed' | 'serializable';
  readonly isPooled?: boolean;
}

async function stageOf<Tx>(
  kind: OrmKind<Tx>,
  { isolation = 'read committed', isPooled = false }: StageSettings,
): Promise<SnapshotStage> {
  const server = await startPostgres();
  const pooler = isPooled ? await startPgbouncer(server.url, { mode: 'transaction' }) : undefined;
  const { url } = pooler ?? server;
  const outside = server.pool();
  const apps = await Promise.all([kind.open(url, 10), kind.open(url, 10)]);
  const [mine, yours] = apps.map((app) =>
    app.snapshots({ migrate: true, lockWaitMs: 300, isolation }).open(PARTS),
  ) as [SnapshotStore, SnapshotStore];
  return {
    mine,
    yours,
    // What the server sees of a process that dies: its connection ends.
    crash: async ({ snapshot }) => {
      const { rows } = await outside.query<{ readonly pid: number }>(
        `SELECT l.pid FROM pg_locks l WHERE l.locktype = 'transactionid' AND l.granted
         AND l.transactionid = (SELECT xmax FROM distributed_schedule_snapshot WHERE job_id = $1)`,
        [snapshot.jobId],
      );
      await endSession(outside, rows[0]?.pid);
    },
    // Nothing to wait for: the row's lock tells at once that its holder has gone.
    passTakeover: async () => undefined,
    close: async () => {
      await pooler?.stop();
      await server.stop();
      // Not awaited: the attempts whose process has died have never given their connection back.
      for (const app of apps) app.close().catch(() => undefined);
    },
  };
}
