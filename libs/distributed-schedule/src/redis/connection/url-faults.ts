/** What people write in place of an URL, and what to write instead. No word shows the text, which may hold a password. */

/** Follows the name of the entry: "redis[0] has no scheme; …". */
type Fault = string;

export const NOT_SET = notSet('REDIS_URL');

/** @param variable what people call it, as an example */
export function notSet(variable: string): string {
  return `most likely because an environment variable is not set: is ${variable} set?`;
}

/** A list that has been split at a comma too many. `variable` is what people call it, as an example. */
export function strayComma(index: number, count: number, variable: string): string {
  const places: Readonly<Record<number, string>> = {
    0: 'before the first entry of the list',
    [count - 1]: 'after the last entry of the list',
  };
  const place = places[index] ?? 'that follows another one in the list';
  return `most likely because of a comma ${place}. Take that comma out of ${variable}, or set what the entry stands for`;
}

const ENCODE =
  'has a user name or a password that is not percent-encoded: # / ? and % mean something else in an URL. ' +
  // biome-ignore lint/suspicious/noTemplateCurlyInString: this is what to write.
  'Write `redis://:${encodeURIComponent(password)}@host:6379`, or pass { host, port, password }';

const SCHEME = /^[a-z][a-z0-9+.-]*:\/\//i;

/** Looks at the text as a person would, since the parser of URLs finds another fault, or none. */
export function faultOfText(text: string): Fault | undefined {
  return faultOfValue(text) ?? faultOfScheme(text) ?? faultOfAuthority(text.replace(SCHEME, ''));
}

function faultOfValue(text: string): Fault | undefined {
  if (text === '') return `is an empty text, ${NOT_SET}`;
  if (isUnset(text)) return `is the text "${text}", ${NOT_SET}`;
  if (/^(["'`]).*\1$/s.test(text))
    return 'is in quotes; write the URL without them, as some readers of .env files keep them';
  if (isList(text)) return `holds several addresses in one text; ${SPLIT}`;
  return undefined;
}

export const SPLIT =
  "write a list with one URL for each node, as in redis: process.env.REDIS_URLS.split(','). A Cluster is passed as a client: " +
  'new Cluster([...])';

/** A comma in a password is none of a list. */
export function isList(text: string): boolean {
  return /,\s*[a-z][a-z0-9+.-]*:\/\//i.test(text) || text.slice(text.lastIndexOf('@') + 1).includes(',');
}

export function isUnset(text: string): boolean {
  return text === 'undefined' || text === 'null' || text === 'NaN';
}

function faultOfScheme(text: string): Fault | undefined {
  if (/^rediss?:\/\//i.test(text)) return undefined;
  if (/^https?:\/\//i.test(text)) {
    return 'is an URL for http, as of a REST interface; take the one of the same store that begins with redis:// or rediss://';
  }
  if (SCHEME.test(text)) {
    return 'is an URL of another scheme; write redis://host:6379, rediss://host:6379 for TLS, or /path/to/redis.sock';
  }
  return 'has no scheme; write redis:// before host and port, as in redis://host:6379, or rediss:// for TLS';
}

function faultOfAuthority(rest: string): Fault | undefined {
  const at = rest.lastIndexOf('@');
  const credentials = rest.slice(0, Math.max(0, at));
  if (/[#/?]|%(?![0-9a-f]{2})/i.test(credentials)) return ENCODE;
  const host = rest.slice(at + 1);
  // Two colons begin an IPv6 address without its brackets, and a slash the path of a socket.
  if (/^(?:undefined|null)(?:$|[:/?])|^(?:$|\?|:(?!:))|^[^/?]*:(?:undefined|null|NaN)(?:$|[/?])/.test(host)) {
    return `has no host or no port, ${NOT_SET}`;
  }
  if (credentials.split(':').some(isUnset))
    return `has "undefined" or "null" as user name or password, ${NOT_SET}`;
  return undefined;
}

/** After the text was looked at: what the parser of URLs makes of it. */
export function faultOfUrl(text: string): Fault | undefined {
  if (!URL.canParse(text)) {
    return 'has a host or a port that none can have; write redis://host:6379, and an IPv6 host in brackets, as in redis://[::1]:6379';
  }
  const url = new URL(text);
  if (decoded(url.username) === undefined || decoded(url.password) === undefined) return ENCODE;
  if (url.hostname === '') return 'has no host; write redis://host:6379, or /path/to/redis.sock for a socket';
  if (!/^\/?\d*$/.test(url.pathname) || url.hash !== '') {
    return 'has more than a database number after the host; write redis://host:6379/2, and all else as ioredis options';
  }
  return undefined;
}

export function decoded(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
