import type { RedisOptions } from 'ioredis';
import { decoded, faultOfText, faultOfUrl } from './url-faults.js';

export type ParsedUrl = { readonly options: RedisOptions } | UrlFault;

export interface UrlFault {
  /** What is wrong and what to write, without the URL and its password. */
  readonly fault: string;
  readonly value?: string;
}

/** `/run/redis.sock`, or the same after a scheme. Two slashes are what is left of an URL without its scheme. */
const SOCKET = /^(?:(?:redis\+)?unix:(?:\/\/)?)?(\/(?!\/)[^?]*)(?:\?(.*))?$/i;

/** Not left to ioredis: settings in a query would win over the strict ones. Of these only `family` and `db` are taken. */
export function parseRedisUrl(given: string): ParsedUrl {
  const text = given.trim();
  const [, path, search = ''] = SOCKET.exec(text) ?? [];
  if (path !== undefined) return withQuery({ path }, new URLSearchParams(search));
  const fault = faultOfText(text) ?? faultOfUrl(text);
  if (fault !== undefined) return { fault };
  const url = new URL(text);
  const database = url.pathname.replace(/^\//, '');
  const username = decoded(url.username) ?? '';
  const password = decoded(url.password) ?? '';
  const options: RedisOptions = {
    host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
    port: url.port === '' ? 6379 : Number(url.port),
    db: Number(database),
    ...(username === '' ? {} : { username }),
    ...(password === '' ? {} : { password }),
    ...(url.protocol === 'rediss:' ? { tls: {} } : {}),
  };
  return withQuery(options, url.searchParams);
}

function withQuery(options: RedisOptions, query: URLSearchParams): ParsedUrl {
  const read = { ...options };
  for (const [name, value] of query) {
    if (name === 'family' && /^[046]$/.test(value)) read.family = Number(value);
    else if (name === 'db' && /^\d+$/.test(value) && !options.db) read.db = Number(value);
    else return faultOfQuery(name);
  }
  return { options: read };
}

function faultOfQuery(name: string): UrlFault {
  if (name === 'family') return { fault: 'has a family that is not 0, 4 or 6; write ?family=0', value: name };
  if (name === 'db')
    return { fault: 'has a db that is no number, or two; write redis://host:6379/2', value: name };
  if (/^(?:tls|ssl)$/i.test(name)) return { fault: `has ?${name}; write rediss:// for TLS`, value: name };
  // Anything else may be a piece of a password.
  const isName = /^[a-z_]{1,40}$/i.test(name);
  return {
    fault: `has ${isName ? `?${name}` : 'a query'}, and of a query only family and db are taken; pass ioredis options for the rest: { host, port, password${isName ? `, ${name}` : ''} }`,
    ...(isName ? { value: name } : {}),
  };
}
