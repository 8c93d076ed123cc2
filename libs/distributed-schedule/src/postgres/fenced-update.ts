/** A row remembers the largest token that wrote it, and its claim. A smaller token, or another claim, writes nothing. */

import type { FenceRepeat } from '../once/fence.js';
import { requireClaimId, requireFenceOptions, requireToken } from '../once/fence.js';
import { DistributedScheduleError } from '../protocol/contract/errors.js';
import { type FencedStatement, type FencedUpdateVerdict, updateFenced } from './fenced-rows.js';
import type { Queryable } from './queryable.js';
import { quotedName } from './quoted-name.js';

export interface FencedUpdate {
  /** A name, or schema and name: `['billing', 'account']`. Each is quoted: `'billing.account'` is one name with a dot. */
  readonly table: string | readonly [schema: string, table: string];
  /** Columns and their new values. */
  readonly set: Readonly<Record<string, unknown>>;
  /** Columns and the values that name the row, such as its primary key, or several rows. */
  readonly where: Readonly<Record<string, unknown>>;
  /** BIGINT column of the row that holds the largest token so far; NULL before the first. Default `fence`. */
  readonly fence?: string;
  /** TEXT column of the row that holds the claim of that token; NULL before the first. Default `fence_claim`. */
  readonly claim?: string;
  /** `tick.fencingToken`. */
  readonly token: number;
  /** `tick.claimId`. */
  readonly claimId: string;
  /** Whether the token that wrote last may write again. Default `allow`: a run writes the row more than once. */
  readonly repeat?: FenceRepeat;
  /** Columns by which rows are told apart, for an update of several: those that were stale are named by them. */
  readonly key?: string | readonly string[];
}

const OPTION_NAMES: Record<keyof FencedUpdate, true> = {
  table: true,
  set: true,
  where: true,
  fence: true,
  claim: true,
  token: true,
  claimId: true,
  repeat: true,
  key: true,
};

/**
 * Updates a row if no larger token has written it, and no equal one of another claim; of several rows those for which that holds.
 * @throws DistributedScheduleError DSCHED_UNKNOWN_OPTION; DSCHED_BAD_OPTION for a name that cannot be one, a bad token or claim id, a
 *   value that is undefined, or nothing to find the row by
 */
export async function fencedUpdate(client: Queryable, update: FencedUpdate): Promise<FencedUpdateVerdict> {
  requireFenceOptions('fencedUpdate', update, OPTION_NAMES);
  const { table, set, where, token, claimId, repeat = 'allow', key } = update;
  const { fence = 'fence', claim = 'fence_claim' } = update;
  requireToken(token);
  requireClaimId(claimId);
  const values: unknown[] = [token, claimId];
  const parameter = (value: unknown): string => `$${values.push(value)}`;
  const found = columnsOf('where', where);
  if (found.length === 0) throw badUpdate('where names no column, and so every row');
  // Nothing equals NULL: the row would be told as missing.
  if (Object.values(where).includes(null))
    throw badUpdate('where has a column that is null, which no row equals');
  const condition = found.map(([column, value]) => `${column} = ${parameter(value)}`).join(' AND ');
  const valuesOfCondition = values.length;
  const quoted = { fence: quotedName('fence', fence), claim: quotedName('claim', claim) };
  const assignments = [
    `${quoted.fence} = $1`,
    `${quoted.claim} = $2`,
    ...columnsOf('set', set).map(([column, value]) => `${column} = ${parameter(value)}`),
  ].join(', ');
  const isNewer = fenceSql({ fence, claim, parameter: 1, claimParameter: 2, repeat });
  return updateFenced(client, {
    ...{ table: quotedName('table', table), assignments, condition, isNewer, ...quoted },
    ...{ key: keyOf(key), values, valuesOfCondition, mayRepeat: repeat === 'allow' },
  });
}

function keyOf(key: FencedUpdate['key']): FencedStatement['key'] {
  if (key === undefined) return [];
  const names: readonly string[] = typeof key === 'string' ? [key] : key;
  if (names.length === 0) throw badUpdate('key names no column');
  return names.map((name) => [name, quotedName('key', [name])]);
}

/**
 * The condition alone, for statements of your own, which have to write token and claim id into their columns as well:
 * `("fence" IS NULL OR "fence" < $3 OR ("fence" = $3 AND "fence_claim" = $4))`.
 */
export function fenceSql(condition: {
  readonly fence?: string;
  readonly claim?: string;
  /** Number of the token among the statement's parameters, from 1. */
  readonly parameter: number;
  /** Number of the claim id among them. */
  readonly claimParameter: number;
  readonly repeat?: FenceRepeat;
}): string {
  requireFenceOptions('fenceSql', condition, SQL_OPTION_NAMES);
  const { fence = 'fence', claim = 'fence_claim', parameter, claimParameter, repeat = 'allow' } = condition;
  const [token, claimId] = [numbered('parameter', parameter), numbered('claimParameter', claimParameter)];
  const [column, claimColumn] = [quotedName('fence', fence), quotedName('claim', claim)];
  const again = `(${column} = ${token}::bigint AND ${claimColumn} = ${claimId}::text)`;
  return `(${column} IS NULL OR ${column} < ${token}::bigint${repeat === 'allow' ? ` OR ${again}` : ''})`;
}

const SQL_OPTION_NAMES = {
  fence: true,
  claim: true,
  parameter: true,
  claimParameter: true,
  repeat: true,
} as const;

function numbered(option: string, parameter: number): string {
  if (!Number.isInteger(parameter) || parameter < 1) throw badUpdate(`${option} is not a number from 1`);
  return `$${parameter}`;
}

function columnsOf(option: string, record: Readonly<Record<string, unknown>>): [string, unknown][] {
  if (typeof record !== 'object' || record === null) throw badUpdate(`${option} is no object of columns`);
  return Object.entries(record).map(([column, value]) => {
    // The driver would write NULL, or look for it.
    if (value === undefined) throw badUpdate(`${option} has a column whose value is undefined`);
    return [quotedName(option, column), value];
  });
}

function badUpdate(what: string): DistributedScheduleError {
  return new DistributedScheduleError('DSCHED_BAD_OPTION', `fencedUpdate: ${what}`);
}
