/** A code of ours, the system or TLS, or a server's first word. In capitals: no text for people passes for one. */
export type FailureCode = Uppercase<string>;

export const TIMED_OUT = 'TIMED_OUT';
/** The connection is down, or went down while the call was under way. */
export const NOT_CONNECTED = 'NOT_CONNECTED';
export const NO_CLUSTER_NODE = 'NO_CLUSTER_NODE';
/** A server that is in no Cluster says so with ERR. */
export const NO_CLUSTER = 'NO_CLUSTER';
/** Renamed, or never there. Also of ERR. */
export const UNKNOWN_COMMAND = 'UNKNOWN_COMMAND';
/** A password is given, and the user has none. Also of ERR. */
export const NO_PASSWORD = 'NO_PASSWORD';
export const NOT_REDIS = 'NOT_REDIS';
/** No Sentinel answers, or none knows the master. */
export const NO_SENTINEL = 'NO_SENTINEL';
/** The server has as many connections as it takes. Its own word is ERR, which says nothing. */
export const MAX_CLIENTS = 'MAXCLIENTS';
/** The server takes connections from its own machine only. */
export const PROTECTED = 'PROTECTED';
export const MALFORMED = 'MALFORMED';
export const UNKNOWN = 'UNKNOWN';

/** An ioredis error must never be logged or passed on: its arguments hold the password, and its message names the host. */
export function failureCode(error: unknown): FailureCode {
  // Not `instanceof`: an error of another realm (vm, Jest) is none of ours.
  if (typeof error !== 'object' || error === null) return UNKNOWN;
  const { name, message, code } = error as { name?: unknown; message?: unknown; code?: unknown };
  const text = typeof message === 'string' ? message : '';
  if (isReply(error)) return codeOfReply(text);
  if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,40}$/.test(code)) return code as FailureCode;
  const [, known] = CLIENT_MESSAGES.find(([pattern]) => pattern.test(text)) ?? [];
  return known ?? (name === 'MaxRetriesPerRequestError' ? NOT_CONNECTED : UNKNOWN);
}

/** Of ioredis 5 and 6, by what they begin with. */
const CLIENT_MESSAGES: readonly (readonly [RegExp, FailureCode])[] = [
  [/^Command timed out$/, TIMED_OUT],
  [/^(Unknown RESP type|Protocol error, got )/, NOT_REDIS],
  [/^All sentinels are unreachable/, NO_SENTINEL],
  [/^(Stream isn't writeable|Connection is closed|Command aborted|Failed to refresh slots)/, NOT_CONNECTED],
];

/** Of servers, by what they begin with. */
const REPLIES: readonly (readonly [RegExp, FailureCode])[] = [
  [/^-?ERR max number of clients/, MAX_CLIENTS],
  [/^-?ERR This instance has cluster support disabled/, NO_CLUSTER],
  [/^-?ERR unknown command/i, UNKNOWN_COMMAND],
  [/^-?ERR .*(without any password|no password is set)/, NO_PASSWORD],
  [/^-?DENIED/, PROTECTED],
];

/** Redis 6.2 wraps what a command inside a script said: "ERR Error running script (…): @user_script:12: -OOM …". */
export function codeOfReply(message: string): FailureCode {
  const [otherVersion] = OTHER_VERSION.exec(message) ?? [];
  const [, known] = REPLIES.find(([pattern]) => pattern.test(message)) ?? [];
  const [, inner] = /@user_script: ?\d+: -?([A-Z]{2,30}) /.exec(message) ?? [];
  const [, first] = /^-?([A-Z]{2,30})\b/.exec(message) ?? [];
  return (otherVersion ?? known ?? inner ?? first ?? 'ERR') as FailureCode;
}

/** Whether the server itself said this. By name: an error of another realm, or copy of ioredis, is no instance of ours. */
export function isReply(error: unknown): error is { readonly message: string } {
  return typeof error === 'object' && error !== null && 'name' in error && error.name === 'ReplyError';
}

const OTHER_VERSION = /\bDSCHEDVERSION (\d{1,9})\b/;

/** Our own scripts refuse what another version of the protocol has written, and say which. */
export function otherVersionOf(error: unknown): number | undefined {
  const [, version] = (isReply(error) && OTHER_VERSION.exec(error.message)) || [];
  return version === undefined ? undefined : Number(version);
}

/** A Cluster tells of its nodes in an error that has the last one's; any other error is its own. */
export function errorOfNode(error: unknown): unknown {
  const { lastNodeError = error } = (error ?? {}) as { readonly lastNodeError?: unknown };
  return lastNodeError;
}

/** The same for the error of a connection. Why a Cluster has lost each of its nodes, ioredis keeps to itself. */
export function codeOfNode(error: unknown): FailureCode {
  const code = failureCode(errorOfNode(error));
  return code === NOT_CONNECTED && errorOfNode(error) !== error ? NO_CLUSTER_NODE : code;
}

const SHOWN: Readonly<Record<string, string>> = {
  [TIMED_OUT]: 'timeout',
  [NOT_CONNECTED]: 'not connected',
  [MALFORMED]: 'malformed reply',
  [UNKNOWN]: 'error',
};

/** In a word that may be shown anywhere. */
export function shownReason(code: FailureCode): string {
  return SHOWN[code] ?? code;
}
