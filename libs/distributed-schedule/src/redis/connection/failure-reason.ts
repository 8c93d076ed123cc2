/**
 * Why a node did not answer, in a few words that may be shown anywhere.
 *
 * An ioredis error must never be logged or passed on: `error.command.args` holds every argument (with the password,
 * for HELLO and AUTH), and its message names the host. Only the error's code, or the first word of what the server
 * said, gets through.
 */
export function failureReason(error: unknown): string {
  // Not `instanceof`: an error of another realm (vm, Jest) is none of ours.
  if (typeof error !== 'object' || error === null) return 'error';
  const { name, message, code } = error as { name?: unknown; message?: unknown; code?: unknown };
  const text = typeof message === 'string' ? message : '';
  if (isReply(error)) return serverWord(text);
  if (typeof code === 'string' && /^[A-Z][A-Z0-9_]{1,40}$/.test(code)) return code;
  if (text === 'Command timed out') return TIMED_OUT;
  if (NOT_REDIS_MESSAGES.test(text)) return NOT_REDIS;
  if (text.startsWith('All sentinels are unreachable')) return NO_SENTINEL;
  return NOT_CONNECTED_MESSAGES.test(text) || name === 'MaxRetriesPerRequestError' ? NOT_CONNECTED : 'error';
}

/**
 * Whether the server itself has said this; everything else is about the way to it. By name: an error of another realm, or
 * of another copy of ioredis, is no instance of ours.
 */
export function isReply(error: unknown): error is { readonly message: string } {
  return typeof error === 'object' && error !== null && 'name' in error && error.name === 'ReplyError';
}

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
export function reasonOfNode(error: unknown): string {
  const reason = failureReason(errorOfNode(error));
  return reason === NOT_CONNECTED && errorOfNode(error) !== error ? NO_CLUSTER_NODE : reason;
}

/** No node of a Cluster takes a connection. */
export const NO_CLUSTER_NODE = 'NO_CLUSTER_NODE';

/** No answer within the node timeout. */
export const TIMED_OUT = 'timeout';

/** The connection is down, or went down while the call was under way. */
export const NOT_CONNECTED = 'not connected';

/** A server that is in no Cluster says so with ERR. */
export const NO_CLUSTER = 'NO_CLUSTER';

/** Renamed, or never there. Also of ERR. */
export const UNKNOWN_COMMAND = 'UNKNOWN_COMMAND';

/** Something else than a Redis answers. */
export const NOT_REDIS = 'NOT_REDIS';

/** No Sentinel answers, or none knows the master. */
export const NO_SENTINEL = 'NO_SENTINEL';

/** The server has as many connections as it takes. Its own word is ERR, which says nothing. */
export const MAX_CLIENTS = 'MAXCLIENTS';

const OTHER_VERSION = /\bDSCHEDVERSION (\d{1,9})\b/;

/** Of ioredis 6, and of the parser of ioredis 5. */
const NOT_REDIS_MESSAGES = /^(Unknown RESP type|Protocol error, got )/;

const NOT_CONNECTED_MESSAGES =
  /^(Stream isn't writeable|Connection is closed|Command aborted|Failed to refresh slots)/;

/** Redis 6.2 wraps what a command inside a script said: "ERR Error running script (…): @user_script:12: -OOM …". */
function serverWord(message: string): string {
  // Our own refusal: which version of the protocol has written there.
  const [otherVersion] = OTHER_VERSION.exec(message) ?? [];
  if (otherVersion !== undefined) return otherVersion;
  if (/^-?ERR max number of clients/.test(message)) return MAX_CLIENTS;
  if (/^-?ERR This instance has cluster support disabled/.test(message)) return NO_CLUSTER;
  if (/^-?ERR unknown command/i.test(message)) return UNKNOWN_COMMAND;
  const inner = /@user_script: ?\d+: -?([A-Z]{2,30}) /.exec(message);
  const first = /^-?([A-Z]{2,30})\b/.exec(message);
  return inner?.[1] ?? first?.[1] ?? 'ERR';
}
