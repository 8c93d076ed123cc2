/** What ioredis would take and then go on with as something else than was meant. */

import { harmlessValue, shownValue } from '../../protocol/options/shown-value.js';
import { type EntryFault, faultOfAddress, faultOfStartText } from './address-faults.js';

interface GivenOptions {
  readonly db?: unknown;
  readonly port?: unknown;
  readonly keyPrefix?: unknown;
  readonly sentinels?: unknown;
}

const MAX_PORT = 65_535;

export function faultOfOptions(options: GivenOptions): EntryFault | undefined {
  const { db, port, sentinels } = options;
  const sentinelPorts: readonly unknown[] = Array.isArray(sentinels)
    ? sentinels.map((sentinel: { port?: unknown } | null) => sentinel?.port)
    : [];
  return (
    faultOfPrefix(options) ??
    faultOfAddress(options) ??
    faultOfDatabase(db) ??
    [port, ...sentinelPorts].map(faultOfPort).find((fault) => fault !== undefined)
  );
}

/** A Cluster has one database. ioredis drops another number without a word, or has each node refuse it in silence. */
export function faultOfCluster(
  options: GivenOptions & { readonly redisOptions?: GivenOptions },
  startupNodes: unknown,
): EntryFault | undefined {
  const { redisOptions = {} } = options;
  const nodes: readonly unknown[] = Array.isArray(startupNodes) ? startupNodes : [];
  const faults = [options, redisOptions].map(
    ({ db, port, keyPrefix }) =>
      faultOfPrefix({ keyPrefix }) ?? faultOfPort(port) ?? faultOfDatabaseInCluster(db),
  );
  return [...faults, ...nodes.map(faultOfStartupNode)].find((fault) => fault !== undefined);
}

function faultOfStartupNode(
  node: unknown,
  index: number,
  { length }: readonly unknown[],
): EntryFault | undefined {
  const fault = faultOfStartText(node, index, length);
  if (fault !== undefined) return fault;
  if (typeof node === 'number') return faultOfPort(node);
  if (typeof node === 'object' && node !== null) {
    const { db, port } = node as GivenOptions;
    // Here, and only here, ioredis itself makes a port of a text.
    return faultOfPort(typeof port === 'string' ? Number(port) : port) ?? faultOfDatabaseInCluster(db);
  }
  const [, database] = /^rediss?:\/\/[^/]*\/(\d+)/.exec(String(node)) ?? [];
  return faultOfDatabaseInCluster(database === undefined ? undefined : Number(database));
}

/** Two environments that are told apart by it alone would be one: each would take the other's ticks. */
function faultOfPrefix({ keyPrefix }: GivenOptions): EntryFault | undefined {
  if (keyPrefix === undefined || keyPrefix === null || keyPrefix === '') return undefined;
  return {
    what:
      `has keyPrefix ${shownValue(keyPrefix)}, and the keys of this library are named by namespace instead: write ` +
      "namespace: 'shop-staging', a name of its own for each environment, and leave keyPrefix out (a client: client.duplicate({ keyPrefix: '' }))",
    value: harmlessValue(keyPrefix),
  };
}

function faultOfDatabase(db: unknown): EntryFault | undefined {
  if (db === undefined || isWhole(db, 0, Number.MAX_SAFE_INTEGER)) return undefined;
  return faultOf('has db', db, '; write a whole number from 0, as in db: 2');
}

function faultOfDatabaseInCluster(db: unknown): EntryFault | undefined {
  if (db === undefined || db === 0 || db === '0') return undefined;
  const remedy = ', and a Cluster has database 0 only; leave db out, and use a namespace of its own';
  return faultOf('is a Cluster with db', db, remedy);
}

function faultOfPort(port: unknown): EntryFault | undefined {
  if (port === undefined || isWhole(port, 1, MAX_PORT)) return undefined;
  return faultOf('has port', port, `; write a whole number from 1 to ${MAX_PORT}, as in port: 6379`);
}

function faultOf(what: string, value: unknown, remedy: string): EntryFault {
  return { what: `${what} ${shownValue(value)}${hintOf(value)}${remedy}`, value: harmlessValue(value) };
}

function isWhole(value: unknown, least: number, most: number): boolean {
  return Number.isInteger(value) && (value as number) >= least && (value as number) <= most;
}

function hintOf(value: unknown): string {
  if (Number.isNaN(value) || value === null) {
    return ', most likely because an environment variable is not set';
  }
  return typeof value === 'string' ? ', which is a text (use Number())' : '';
}
