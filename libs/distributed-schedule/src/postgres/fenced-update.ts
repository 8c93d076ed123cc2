/**
 * The rule that keeps a stale holder from doing harm, for tables of the application: the row remembers the largest fencing
 * token that has written it, and a smaller one writes nothing.
 */

import { DistributedScheduleError } from '../protocol/errors.js';
import type { FenceRepeat, FenceVerdict } from '../protocol/fence.js';
import { requireToken } from '../protocol/fence.js';
import { quotedName } from './quoted-name.js';

/** A client, a pool, or the transaction of an effect. */
export interface Queryable {
  query(
    sql: string,
    values: unknown[],
  ): Promise<{ readonly rows: readonly unknown[]; readonly rowCount: number | null }>;
}

export interface FencedUpdate {
  /** A name, or schema and name. It is quoted: any name is safe, and upper case stays. */
  readonly table: string | readonly [schema: string, table: string];
  /** Columns and their new values. */
  readonly set: Readonly<Record<string, unknown>>;
  /** Columns and the values that name the one row, such as its primary key. */
  readonly where: Readonly<Record<string, unknown>>;
  /** BIGINT column of the row that holds the largest token so far; NULL before the first. Default `fence`. */
  readonly fence?: string;
  /** `tick.fencingToken`. */
  readonly token: number;
  /** Whether the token that wrote last may write again. Default `allow`: a run writes the row more than once. */
  readonly repeat?: FenceRepeat;
}

/**
 * Updates a row if no larger token has written it.
 * @throws DistributedScheduleError DSCHED_BAD_OPTION for a name that cannot be one, a bad token, or nothing to find the row by
 */
export async function fencedUpdate(client: Queryable, update: FencedUpdate): Promise<FenceVerdict> {
  const { table, set, where, token, fence = 'fence', repeat = 'allow' } = update;
  requireToken(token);
  const name = quotedName('table', table);
  const values: unknown[] = [token];
  const parameter = (value: unknown): string => `$${values.push(value)}`;
  const assignments = [
    `${quotedName('fence', fence)} = $1`,
    ...columnsOf('set', set).map(([column, value]) => `${column} = ${parameter(value)}`),
  ];
  const keys: unknown[] = [];
  const found = columnsOf('where', where);
  if (found.length === 0) throw badUpdate('where names no column, and so every row');
  const condition = found.map(([column, value]) => `${column} = ${parameter(value)}`).join(' AND ');
  const sql = `UPDATE ${name} SET ${assignments.join(', ')} WHERE ${condition} AND ${fenceSql({ fence, parameter: 1, repeat })}`;
  const { rowCount } = await client.query(sql, values);
  if ((rowCount ?? 0) > 0) return { kind: 'written' };
  const again = found.map(([column, value]) => `${column} = $${keys.push(value)}`).join(' AND ');
  const newest = `SELECT ${quotedName('fence', fence)}::text AS newest FROM ${name} WHERE ${again}`;
  const [row] = (await client.query(newest, keys)).rows as readonly { readonly newest: string | null }[];
  return row === undefined ? { kind: 'missing' } : { kind: 'stale', newest: Number(row.newest) };
}

/**
 * The condition alone, for statements of your own: `("fence" IS NULL OR "fence" <= $3)`, with the token as that parameter.
 * The statement has to write the token into the column as well.
 */
export function fenceSql({
  fence = 'fence',
  parameter,
  repeat = 'allow',
}: {
  readonly fence?: string;
  /** Number of the token among the statement's parameters, from 1. */
  readonly parameter: number;
  readonly repeat?: FenceRepeat;
}): string {
  if (!Number.isInteger(parameter) || parameter < 1) throw badUpdate('parameter is not a number from 1');
  const column = quotedName('fence', fence);
  return `(${column} IS NULL OR ${column} ${repeat === 'allow' ? '<=' : '<'} $${parameter}::bigint)`;
}

function columnsOf(option: string, record: Readonly<Record<string, unknown>>): [string, unknown][] {
  return Object.entries(record).map(([column, value]) => [quotedName(option, column), value]);
}

function badUpdate(what: string): DistributedScheduleError {
  return new DistributedScheduleError('DSCHED_BAD_OPTION', `fencedUpdate: ${what}`);
}
