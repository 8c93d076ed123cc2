import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, it } from 'vitest';
import { compiled } from '../../faults/once/compiled-program.js';
import { lacksPostgres } from '../../support/lacks-postgres.js';
import { killAtExit } from '../../support/leftovers.js';
import { sharedPostgres } from '../../support/shared-servers.js';
import { runIn, storeIn } from './once-in-postgres.js';

const PROGRAM = fileURLToPath(new URL('./large-reader.ts', import.meta.url));
const SOON = { timeout: 30_000, interval: 20 };
const TIMEOUT_MS = 120_000;

/** What `once` resolves to for one message. */
const messageOf = async (child: ChildProcess): Promise<Record<string, string>> => {
  const [message] = (await once(child, 'message')) as [Record<string, string>];
  return message;
};

describe.skipIf(lacksPostgres('a process that is stopped while it reads'))(
  'a process that is stopped while it reads a large result',
  () => {
    const server = sharedPostgres();
    let program = '';
    beforeAll(async () => {
      program = compiled(PROGRAM);
      await storeIn(server.pool()).migrate();
      await server.pool().query('CREATE TABLE ledger (text TEXT)');
    }, TIMEOUT_MS);

    /** Backends that send the large result; `blocked`: whose client does not read on. */
    const writers = async (state: 'active' | 'blocked'): Promise<number> => {
      const blocked = state === 'blocked' ? " AND wait_event = 'ClientWrite'" : '';
      const sql = `SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'SELECT repeat%'${blocked}`;
      return (await server.pool().query(sql)).rowCount ?? 0;
    };
    /** Resolves when the process stands still and its server has nowhere to write. */
    const stopInTheMiddle = async (args: readonly string[]) => {
      await server.pool().query('TRUNCATE ledger; TRUNCATE distributed_schedule_snapshot');
      const child = fork(program, [server.url, ...args]);
      killAtExit(child);
      const { jobId = '' } = await messageOf(child);
      await expect.poll(() => writers('active'), SOON).toBe(1);
      child.kill('SIGSTOP');
      await expect.poll(() => writers('blocked'), SOON).toBe(1);
      return { child, jobId };
    };
    const lines = async (): Promise<readonly string[]> =>
      (await server.pool().query<{ text: string }>('SELECT text FROM ledger')).rows.map(({ text }) => text);
    /** Its way goes on, and it has changed nothing. */
    const wake = async (child: ChildProcess): Promise<void> => {
      const ended = messageOf(child);
      child.kill('SIGCONT');
      expect((await ended).how).toBe('threw');
      expect(await lines()).toEqual(['of the next one']);
    };
    const write = "INSERT INTO ledger VALUES ('of the next one')";

    it(
      'is taken over at once by a larger token',
      async () => {
        // Far longer than it may take.
        const { child, jobId } = await stopInTheMiddle(['600000', '7']);
        const signal = AbortSignal.timeout(SOON.timeout);
        const retake = { jobId, fencingToken: 8 };
        const next = await runIn(storeIn(server.pool()), retake, (tx) => tx.query(write), { signal });
        expect(next.kind).toBe('ran');
        expect(await writers('active')).toBe(0);
        await wake(child);
      },
      TIMEOUT_MS,
    );

    it(
      'is taken over without one when it has been silent for takeoverMs',
      async () => {
        const { child, jobId } = await stopInTheMiddle(['2000']);
        const store = storeIn(server.pool());
        const deadlineMs = performance.now() + SOON.timeout;
        let kind = 'pending';
        while (kind === 'pending' && performance.now() < deadlineMs) {
          ({ kind } = await runIn(store, { jobId }, (tx) => tx.query(write)));
        }
        expect(kind).toBe('ran');
        expect(await writers('active')).toBe(0);
        await wake(child);
      },
      TIMEOUT_MS,
    );
  },
);
