/**
 * What runOnce costs with snapshots in PostgreSQL: against a plain transaction with the same statements, against itself without the guard
 * around the client that it lends, and against an older commit.
 *
 *     npm run bench:once [-- --rounds 12 --calls 250 --before COMMIT]
 *
 * All variants take turns, call by call and in another order every time, so that what else happens on the machine hits them alike. Printed are
 * ratios of p50 and p99 over the calls of a round; their least, median and largest over the rounds say how noisy the machine was.
 */

import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { Pool, PoolClient } from 'pg';
import type * as Once from '#src/once/run-once.js';
import type { OpenAttempt, SnapshotStore } from '#src/once/snapshot-store.js';
import { DEFAULT_PATIENCE } from '#src/once/store-patience.js';
import type * as Settings from '#src/postgres/postgres-snapshot-settings.js';
import type * as Store from '#src/postgres/postgres-snapshot-store.js';
import { SystemClock } from '#src/system/system-clock.js';
import { SystemRandom } from '#src/system/system-random.js';
import { sha256Hex } from '#src/tasks/sha256.js';
import { between } from '../support/between.js';
import { startPostgres } from '../support/postgres-server.js';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const LIBRARY = 'libs/distributed-schedule/src';
const WARM_UP_CALLS = 100;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '12' },
    calls: { type: 'string', default: '250' },
    before: { type: 'string' },
  },
});
const [rounds, calls] = [Number(values.rounds), Number(values.calls)];

interface Variant {
  readonly name: string;
  readonly call: () => Promise<unknown>;
}

const platform = { clock: new SystemClock(), random: new SystemRandom() };
let jobs = 0;
let acquired: PoolClient | undefined;

async function effect(tx: Pick<PoolClient, 'query'>): Promise<void> {
  await tx.query('UPDATE account SET balance = balance + 1 WHERE id = $1', [1]);
  await tx.query('INSERT INTO entry (text) VALUES ($1)', ['settled']);
}

async function plainTransaction(pool: Pool): Promise<void> {
  const client = await pool.connect();
  await client.query('BEGIN');
  await effect(client);
  await client.query('COMMIT');
  client.release();
}

/** The seam where the client is lent: the effect gets the connection itself. Calls come one after the other, so it is the last one acquired. */
function unguarded(store: SnapshotStore<PoolClient>): SnapshotStore<PoolClient> {
  return between(store, {
    instead: {
      begin: async (ask) => {
        const verdict = await ask();
        if (verdict.kind !== 'begun') return verdict;
        const attempt = Object.create(verdict.attempt, {
          tx: { value: acquired },
        }) as OpenAttempt<PoolClient>;
        return { ...verdict, attempt };
      },
    },
  });
}

/** The flow as the sources in that folder have it. */
async function flowOf(folder: string, pool: Pool): Promise<(isGuarded: boolean) => () => Promise<unknown>> {
  const load = <Module>(path: string) =>
    import(pathToFileURL(join(folder, LIBRARY, path)).href) as Promise<Module>;
  const { PostgresSnapshotStore } = await load<typeof Store>('postgres/postgres-snapshot-store.ts');
  const { resolvePostgresSettings } = await load<typeof Settings>('postgres/postgres-snapshot-settings.ts');
  const { runOnce } = await load<typeof Once>('once/run-once.ts');
  const store = new PostgresSnapshotStore(
    pool,
    platform.clock,
    resolvePostgresSettings({}),
    async () => undefined,
  );
  await store.migrate();
  const parts = { ...platform, patience: DEFAULT_PATIENCE, digest: sha256Hex, mostKeptChars: 1_000 };
  return (isGuarded) => {
    const lent = isGuarded ? store : unguarded(store);
    return () => {
      jobs += 1;
      return runOnce({ ...parts, store: lent }, { jobId: sha256Hex(`job ${jobs}`).slice(0, 32) }, effect);
    };
  };
}

function sourcesOf(commit: string): string {
  const folder = join(ROOT, 'dist', 'bench-once', commit);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const archive = execFileSync('git', ['archive', commit, LIBRARY], { cwd: ROOT, maxBuffer: 2 ** 28 });
  execFileSync('tar', ['-x', '-C', folder], { input: archive });
  return folder;
}

async function round(
  variants: readonly Variant[],
  count: number,
): Promise<ReadonlyMap<string, readonly number[]>> {
  const took = new Map(variants.map(({ name }) => [name, [] as number[]]));
  for (let call = 0; call < count; call += 1) {
    for (const variant of [...variants].sort(() => Math.random() - 0.5)) {
      const beganMs = performance.now();
      await variant.call();
      took.get(variant.name)?.push(performance.now() - beganMs);
    }
  }
  return took;
}

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const server = await startPostgres();
const pool = server.pool({ max: 4 });
pool.on('acquire', (client) => {
  acquired = client;
});
await pool.query(
  'CREATE TABLE account (id INTEGER PRIMARY KEY, balance BIGINT NOT NULL); INSERT INTO account VALUES (1, 0)',
);
await pool.query('CREATE TABLE entry (id BIGINT GENERATED ALWAYS AS IDENTITY, text TEXT NOT NULL)');
const flow = await flowOf(ROOT, pool);
const GUARDED = 'runOnce';
const variants: Variant[] = [
  { name: 'a plain transaction', call: () => plainTransaction(pool) },
  { name: 'runOnce, guard off', call: flow(false) },
  { name: GUARDED, call: flow(true) },
];
if (values.before !== undefined) {
  const before = await flowOf(sourcesOf(values.before), pool);
  variants.push({ name: `runOnce at ${values.before}`, call: before(true) });
}

await round(variants, WARM_UP_CALLS);
const results: ReadonlyMap<string, readonly number[]>[] = [];
for (let index = 0; index < rounds; index += 1) results.push(await round(variants, calls));
await server.stop();

print(
  `${rounds} rounds of ${calls} calls of each; ms: median over the rounds; ratios: least / median / largest`,
);
print('| runOnce against | its p50 | its p99 | ratio of p50 | ratio of p99 |');
print('|---|---|---|---|---|');
for (const { name } of variants) {
  const of = (share: number, variant = name) =>
    results.map((result) => quantile(result.get(variant) ?? [], share));
  const ratios = (share: number): string => {
    const own = of(share, GUARDED);
    const all = of(share).map((value, index) => (own[index] ?? 0) / value);
    return [0, 0.5, 1].map((at) => quantile(all, at).toFixed(2)).join(' / ');
  };
  const [p50, p99] = [0.5, 0.99].map((share) => quantile(of(share), 0.5).toFixed(2));
  print(
    `| ${name} | ${p50} | ${p99} | ${name === GUARDED ? '' : ratios(0.5)} | ${name === GUARDED ? '' : ratios(0.99)} |`,
  );
}
process.exit(0);
