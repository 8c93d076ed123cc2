/** What an update behind a fence comes to where it finds several rows: it may write some of them and be stale in others. */

import type { FenceVerdict } from '../once/fence.js';
import type { Queryable } from './queryable.js';

export interface FencedRows {
  readonly written: number;
  readonly stale: number;
  /** Of the stale ones the columns of `key`, where the update has one. */
  readonly staleKeys?: readonly Readonly<Record<string, unknown>>[];
}

/** `stale` where any row is: the caller is a stale holder there, and must stop. `rows` where the update found several. */
export type FencedUpdateVerdict =
  | Exclude<FenceVerdict, { readonly kind: 'stale' }>
  | (Extract<FenceVerdict, { readonly kind: 'stale' }> & { readonly rows?: FencedRows });

export interface FencedStatement {
  readonly table: string;
  readonly assignments: string;
  /** Which rows are meant. */
  readonly condition: string;
  /** Which of them may be written. */
  readonly isNewer: string;
  readonly fence: string;
  readonly claim: string;
  /** By which columns rows are told apart: name and quoted name. */
  readonly key: readonly (readonly [name: string, quoted: string])[];
  /** Token and claim id, then those of the condition, then those of the assignments. */
  readonly values: readonly unknown[];
  readonly valuesOfCondition: number;
  readonly mayRepeat: boolean;
}

interface SeenRow {
  readonly id: string;
  readonly newest: string;
  readonly is_own: boolean | null;
  readonly [key: `key_${number}`]: unknown;
}

export async function updateFenced(
  client: Queryable,
  statement: FencedStatement,
): Promise<FencedUpdateVerdict> {
  const { table, assignments, condition, isNewer, key, values } = statement;
  // As of the same instant, so that nobody comes between what is found and what is written.
  const matchedSql = `(SELECT count(*) FROM ${table} WHERE ${condition})::int AS matched`;
  const returning = key.length === 0 ? matchedSql : `${matchedSql}, ${idSql(key)} AS id`;
  const sql = `UPDATE ${table} SET ${assignments} WHERE ${condition} AND ${isNewer} RETURNING ${returning}`;
  const { rowCount, rows } = await client.query(sql, [...values]);
  const written = rowCount ?? 0;
  const [first] = rows as readonly { readonly matched: number }[];
  const seen = first?.matched ?? written;
  if (written > 0 && seen <= written) return { kind: 'written' };
  const newest = await newestOf(client, statement);
  const stale = (written > 0 ? seen : newest.matched) - written;
  if (stale === 0) return { kind: 'missing' };
  const verdict = { kind: 'stale', newest: Number(newest.fence) } as const;
  if (written + stale === 1) return verdict;
  if (key.length === 0) return { ...verdict, rows: { written, stale } };
  const writtenIds = new Set((rows as readonly { readonly id: string }[]).map(({ id }) => id));
  const staleKeys = await staleKeysOf(client, statement, writtenIds);
  return { ...verdict, rows: { written, stale: staleKeys.length, staleKeys } };
}

interface Newest {
  readonly matched: number;
  readonly fence: string | null;
}

async function newestOf(
  client: Queryable,
  { table, condition, fence, values, valuesOfCondition }: FencedStatement,
): Promise<Newest> {
  // The token and the claim id are parameters of the condition's numbers, and have a type by being looked at.
  const sql =
    `SELECT count(*)::int AS matched, max(${fence})::text AS fence FROM ${table} ` +
    `WHERE ${condition} AND $1::bigint IS NOT NULL AND $2::text IS NOT NULL`;
  const { rows } = await client.query(sql, values.slice(0, valuesOfCondition));
  const [newest] = rows as readonly Newest[];
  return newest ?? { matched: 0, fence: null };
}

/** A row that was written here may be another's by now, and is none of the stale ones. */
async function staleKeysOf(
  client: Queryable,
  { table, condition, fence, claim, key, values, valuesOfCondition, mayRepeat }: FencedStatement,
  writtenIds: ReadonlySet<string>,
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const columns = key.map(([, quoted], index) => `${quoted} AS key_${index}`);
  const sql =
    `SELECT ${idSql(key)} AS id, (${fence} = $1::bigint AND ${claim} = $2::text) AS is_own, ${columns.join(', ')} ` +
    `FROM ${table} WHERE ${condition} AND ${fence} >= $1::bigint ORDER BY ${key.map(([, quoted]) => quoted).join(', ')}`;
  const rows = (await client.query(sql, values.slice(0, valuesOfCondition))).rows as readonly SeenRow[];
  return rows
    .filter(({ id, is_own }) => !writtenIds.has(id) && !(mayRepeat && is_own === true))
    .map((row) => Object.fromEntries(key.map(([name], index) => [name, row[`key_${index}`]])));
}

function idSql(key: FencedStatement['key']): string {
  return `row_to_json(ROW(${key.map(([, quoted]) => quoted).join(', ')}))::text`;
}
