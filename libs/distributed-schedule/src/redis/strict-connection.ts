import { Redis, type RedisOptions } from 'ioredis';
import type { Clock } from '../protocol/ports.js';
import { ConfirmedConnection } from './confirmed-connection.js';
import { type Greeting, listenToGreetings } from './connection-greeting.js';
import { followCredentials, termsOf } from './connection-terms.js';
import type { RedisClient, RedisSource } from './redis-input.js';
import type { StrictClient } from './strict-client.js';
import { CONNECT_TIMEOUT_MS } from './trouble-words.js';

export type StrictConnection = ConfirmedConnection;

export interface ConnectionSettings {
  /** Shown by CLIENT LIST. */
  readonly connectionName: string;
  readonly commandTimeoutMs: number;
  readonly retryEveryMs: number;
  readonly clock: Clock;
  /** The first that the server says on each connection. Not told by a Cluster. */
  readonly onGreeting?: (greeting: Greeting) => void;
}

type StrictOptions = RedisOptions & { readonly replyMapping: 'legacy' };

/**
 * A connection that has ended is tried again at once and then slowly: a run whose holder cannot renew its lease within a
 * moment is aborted, and a node that is down for long should not be hammered.
 */
const QUICK_RETRIES = 5;
const QUICK_RETRY_MS = 20;
/** A server that refuses the user is asked twice as late each time: each attempt stands in its log. */
const LONGEST_REFUSED_RETRY_MS = 2_000;

const SENTINEL_RETRY_MS = 100;
const CLUSTER_REDIRECTIONS = 3;

/**
 * Opens a connection of our own, not yet connected.
 *
 * A caller's client is duplicated, never used: its defaults queue and resend commands, so that a vote could be cast
 * seconds after it was counted as missing, and a blocking command of the caller would delay every vote.
 */
export function openConnection(source: RedisSource, settings: ConnectionSettings): StrictConnection {
  const retryMs = (): number => retryMsAfter(connection, settings.retryEveryMs);
  const strict = strictOptions(settings, source.kind === 'sentinel', retryMs);
  const client: unknown =
    'client' in source
      ? duplicated(source, strict, settings, retryMs)
      : new Redis({ ...source.options, ...strict });
  if (source.kind !== 'cluster') {
    followCredentials(client, source);
    if (settings.onGreeting !== undefined) {
      listenToGreetings(client as StrictClient, settings.clock, settings.onGreeting);
    }
  }
  const connection = new ConfirmedConnection({
    client: client as StrictClient,
    terms: termsOf(source),
    clock: settings.clock,
    timeoutMs: settings.commandTimeoutMs,
  });
  return connection;
}

function retryMsAfter({ refusal, endedInVain }: ConfirmedConnection, retryEveryMs: number): number {
  if (refusal !== undefined) {
    return Math.min(LONGEST_REFUSED_RETRY_MS, retryEveryMs * 2 ** endedInVain);
  }
  return endedInVain < QUICK_RETRIES ? Math.min(QUICK_RETRY_MS, retryEveryMs) : retryEveryMs;
}

function strictOptions(
  settings: ConnectionSettings,
  isSentinel: boolean,
  retryMs: () => number,
): StrictOptions {
  return {
    connectionName: settings.connectionName,
    commandTimeout: settings.commandTimeoutMs,
    connectTimeout: CONNECT_TIMEOUT_MS,
    // After `disconnect` the peer has this long to say goodbye, and a frozen one never does.
    disconnectTimeout: 1,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    autoResubscribe: false,
    enableAutoPipelining: false,
    // The ready check waits seconds for a server that loads; "LOADING" is a fine answer for us. Behind a Sentinel
    // it also checks that the server is a master.
    enableReadyCheck: isSentinel,
    maxLoadingRetryTime: settings.retryEveryMs,
    retryStrategy: retryMs,
    // A master that was demoted: connect again and find the new one.
    reconnectOnError: (error) => error.message.startsWith('READONLY'),
    keyPrefix: '',
    readOnly: false,
    replyMapping: 'legacy',
    monitor: false,
    lazyConnect: true,
    ...(isSentinel
      ? {
          role: 'master' as const,
          sentinelCommandTimeout: CONNECT_TIMEOUT_MS,
          sentinelRetryStrategy: () => SENTINEL_RETRY_MS,
        }
      : {}),
  };
}

function duplicated(
  source: RedisSource & { readonly client: RedisClient },
  strict: StrictOptions,
  settings: ConnectionSettings,
  retryMs: () => number,
): unknown {
  const client = source.client as { duplicate(...args: readonly unknown[]): unknown };
  if (source.kind !== 'cluster') {
    return client.duplicate(strict);
  }
  const { enableOfflineQueue, lazyConnect, keyPrefix, retryStrategy, readOnly, ...redisOptions } = strict;
  return client.duplicate([], {
    enableOfflineQueue,
    lazyConnect,
    keyPrefix,
    redisOptions: { ...redisOptions, keyPrefix },
    enableAutoPipelining: false,
    scaleReads: 'master',
    maxRedirections: CLUSTER_REDIRECTIONS,
    clusterRetryStrategy: () => Math.max(settings.retryEveryMs, retryMs()),
  });
}
