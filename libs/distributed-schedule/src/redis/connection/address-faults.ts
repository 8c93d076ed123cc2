/** Addresses in options with which ioredis would go somewhere else, mostly to 127.0.0.1, or nowhere. */

import { isList, isUnset, notSet, SPLIT, strayComma } from './url-faults.js';

const NO_HOST = notSet('REDIS_HOST');
const NO_NODE = notSet('REDIS_NODES');

export interface EntryFault {
  /** Follows the name of the entry: "redis[0] has db NaN; …". */
  readonly what: string;
  readonly value: unknown;
}

type Given = Readonly<Record<string, unknown>>;

/** What other clients call an URL, and what ioredis does not read. */
const URL_NAMES = ['url', 'uri', 'redisUrl', 'connectionString', 'connection'];
const NODE_NAMES = ['nodes', 'startupNodes', 'rootNodes', 'cluster', 'clusterNodes'];

export function faultOfAddress(options: object): EntryFault | undefined {
  const given = options as Given;
  // Beside these two a host is not read.
  const isRead = 'host' in given && given.sentinels === undefined && given.path === undefined;
  return faultOfForeignName(given) ?? (isRead ? faultOfHost(given.host) : undefined);
}

function faultOfForeignName(given: Given): EntryFault | undefined {
  const has = (name: string): boolean => given[name] !== undefined && given[name] !== null;
  const url = URL_NAMES.find(has);
  const instead = 'which ioredis does not know, so that it would go to 127.0.0.1';
  if (url !== undefined) {
    return { what: `has ${url}, ${instead}; pass the URL itself: redis: process.env.REDIS_URL`, value: url };
  }
  if (has('socket')) {
    return { what: `has socket, ${instead}; write { host, port } without it`, value: 'socket' };
  }
  const nodes = NODE_NAMES.find(has);
  if (nodes === undefined) return undefined;
  return {
    what: `has ${nodes}, ${instead}; pass a Cluster as a client of ioredis: redis: new Cluster(['redis://host:6379'])`,
    value: nodes,
  };
}

function faultOfHost(host: unknown): EntryFault | undefined {
  // The value of a host is not shown: only of these two is it certain that they are none.
  if (host === undefined || host === null) return { what: `has host ${host}, ${NO_HOST}`, value: host };
  if (typeof host !== 'string')
    return { what: `has a host that is a ${typeof host}; write a text`, value: typeof host };
  const fault = faultOfHostText(host.trim());
  return fault === undefined ? undefined : { what: fault, value: 'host' };
}

function faultOfHostText(host: string): string | undefined {
  if (host === '') return `has an empty host, ${NO_HOST}`;
  if (isUnset(host)) return `has host "${host}", ${NO_HOST}`;
  if (isList(host)) return `has several hosts in one text; ${SPLIT}`;
  if (host.includes('://'))
    return 'has an URL as its host; pass the URL itself: redis: process.env.REDIS_URL';
  if (/^\[.*\]$/.test(host)) return "has a host in brackets, which belong to URLs; write host: '::1'";
  if (/^[^:]*:\d+$/.test(host)) return "has host and port in one text; write { host: 'host', port: 6379 }";
  return undefined;
}

/** A node of a Cluster: a port, `host:port`, an URL or an object. */
export function faultOfStartText(node: unknown, index: number, count: number): EntryFault | undefined {
  const place = 'is a Cluster with a node that is';
  if (count > 1 && typeof node === 'string' && node.trim() === '') {
    return { what: `${place} an empty text, ${strayComma(index, count, 'REDIS_NODES')}`, value: node };
  }
  if (node === undefined || node === null || node === '' || (typeof node === 'string' && isUnset(node))) {
    return { what: `${place} ${node === '' ? 'an empty text' : node}, ${NO_NODE}`, value: node };
  }
  if (typeof node === 'object' && 'host' in node && faultOfHost(node.host) !== undefined) {
    return { what: `is a Cluster with a node that ${faultOfHost(node.host)?.what}`, value: 'host' };
  }
  if (typeof node !== 'string' || !isList(node)) return undefined;
  return {
    what: `is a Cluster with several nodes in one text; write new Cluster(process.env.REDIS_NODES.split(','))`,
    value: 'a text with commas',
  };
}
