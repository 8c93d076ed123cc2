/** The table of bad stores in docs/errors.md has the very lines that a user reads, and no state is a storm. */

import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countConnections } from '../../support/connection-count.js';
import { BAD_GROUPS } from './bad-groups.js';
import { Shelf } from './bad-store.js';
import { ObservedStore } from './observed-store.js';
import { REFUSING_SERVERS } from './refusing-servers.js';
import { UNFIT_SERVERS } from './unfit-servers.js';
import { WRONG_WAYS } from './wrong-ways.js';

const STORES = [...REFUSING_SERVERS, ...UNFIT_SERVERS, ...WRONG_WAYS, ...BAD_GROUPS];
const UNTIL_STEADY_MS = 10_000;
/** For the figures of the page: `SHOW_BAD_STORES=1 COUNTED_MS=60000 npx vitest run --project integration test/integration/bad-stores`. */
const COUNTED_MS = Number(process.env.COUNTED_MS ?? 5_000);
const LOOKS = 20;
const READ_WITHIN_MS = 120_000;
const LOOK_AGAIN_MS = 250;
const MAX_PER_SECOND = 1;

const page = readFileSync(join(import.meta.dirname, '../../../docs/errors.md'), 'utf8');
const [table = ''] = /^\| bad store [\s\S]*?\n\n/m.exec(page) ?? [];
const rows = table.trim().split('\n').slice(2);

interface Seen {
  readonly line: string;
  readonly connections: number;
  readonly seconds: number;
}

const shelf = new Shelf();
const seen = new Map<string, Seen>();

/** All side by side: each waits for its own server or socket, and for ten seconds. */
beforeAll(async () => {
  countConnections();
  const stores: ObservedStore[] = [];
  for (const store of STORES) {
    stores.push(
      await ObservedStore.open(store, shelf).catch((error: unknown) => {
        throw new Error(`${store.state} cannot be made`, { cause: error });
      }),
    );
  }
  await Promise.all(stores.map((store) => store.spoil()));
  await sleep(UNTIL_STEADY_MS);
  const sinceMs = performance.now();
  for (let look = 0; look < LOOKS; look += 1) {
    await sleep(COUNTED_MS / LOOKS);
    for (const store of stores) store.look();
  }
  const untilMs = performance.now();
  const counted = stores.map((store) => store.connections(sinceMs, untilMs));
  const lines = await Promise.all(stores.map((store, index) => lineOf(store, rows[index] ?? '')));
  for (const [index, { state }] of stores.entries()) {
    const [line = '', connections = Number.POSITIVE_INFINITY] = [lines[index], counted[index]];
    seen.set(state, { line, connections, seconds: (untilMs - sinceMs) / 1_000 });
  }
  if (process.env.SHOW_BAD_STORES !== undefined) {
    for (const [state, one] of seen)
      process.stdout.write(`${rowOf(state, one.line, (one.connections / one.seconds).toFixed(1))}\n`);
  }
  await Promise.all(stores.map((store) => store.close()));
}, 180_000 + COUNTED_MS);

afterAll(() => shelf.clear(), 60_000);

/** A server that says its word and hangs up is heard only where its client reads before it writes again, which on a busy machine it seldom does. */
async function lineOf(store: ObservedStore, row: string): Promise<string> {
  const untilMs = performance.now() + READ_WITHIN_MS;
  while (row !== rowOf(store.state, store.line, figureOf(row)) && performance.now() < untilMs) {
    await sleep(LOOK_AGAIN_MS);
    store.forget();
    store.look();
  }
  return store.line;
}

/** A busy machine makes a server seem silent now and then: both connections to it. */
const MADE_BY_THE_MACHINE = 4;

const rowOf = (state: string, line: string, perSecond: string): string =>
  `| ${state} | ${line.replaceAll('|', '\\|')} | ${perSecond} |`;

const figureOf = (row: string): string => / ([\d.]+) \|$/.exec(row)?.[1] ?? '';

describe('the table of bad stores in docs/errors.md', () => {
  it.each(STORES.map(({ state }, index) => [state, index] as const))(
    'has the very line for %s',
    (state, index) => {
      const row = rows[index] ?? '';
      expect(row).toBe(rowOf(state, seen.get(state)?.line ?? '', figureOf(row)));
    },
  );

  it('has no other rows, and 25 at least', () => {
    expect(rows).toHaveLength(STORES.length);
    expect(rows.length).toBeGreaterThanOrEqual(25);
  });
});

describe('after ten seconds an instance opens no more than one connection per second and node, and no more than the page says, to', () => {
  it.each(STORES.map(({ state }, index) => [state, index] as const))('%s', (state, index) => {
    const { connections = Number.POSITIVE_INFINITY, seconds = 0 } = seen.get(state) ?? {};
    // In five seconds and a bit, one each second makes six.
    expect(connections).toBeLessThanOrEqual(Math.ceil(MAX_PER_SECOND * seconds));
    const figure = Number(figureOf(rows[index] ?? ''));
    expect(connections).toBeLessThanOrEqual(figure * seconds + MADE_BY_THE_MACHINE);
  });
});
