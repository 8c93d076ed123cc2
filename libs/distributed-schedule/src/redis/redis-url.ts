import type { RedisOptions } from 'ioredis';

export type ParsedUrl = { readonly options: RedisOptions } | { readonly fault: string };

/**
 * Reads `redis://` and `rediss://` URLs. Not left to ioredis, which takes settings from the query as well: they would
 * win over the strict ones of a voting node. A fault says what is wrong without quoting the URL and its password.
 */
export function parseRedisUrl(text: string): ParsedUrl {
  if (!URL.canParse(text)) {
    return { fault: 'is a text that is no URL' };
  }
  const url = new URL(text);
  const database = url.pathname.replace(/^\//, '');
  if ((url.protocol !== 'redis:' && url.protocol !== 'rediss:') || url.hostname === '') {
    return { fault: 'is an URL of another scheme than redis:// and rediss://, or one without a host' };
  }
  if (!/^\d*$/.test(database) || url.search !== '' || url.hash !== '') {
    return {
      fault: 'is an URL with more than a database number after the host; use ioredis options for that',
    };
  }
  const username = decoded(url.username);
  const password = decoded(url.password);
  if (username === undefined || password === undefined) {
    return { fault: 'is an URL whose user name or password is not percent-encoded' };
  }
  return {
    options: {
      host: url.hostname.replace(/^\[(.*)\]$/, '$1'),
      port: url.port === '' ? 6379 : Number(url.port),
      db: Number(database),
      ...(username === '' ? {} : { username }),
      ...(password === '' ? {} : { password }),
      ...(url.protocol === 'rediss:' ? { tls: {} } : {}),
    },
  };
}

function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
