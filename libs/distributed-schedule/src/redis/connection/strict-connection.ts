import { Redis, type RedisOptions } from 'ioredis';
import type { Clock, Random } from '../../protocol/contract/ports.js';
import { ConfirmedConnection } from './confirmed-connection.js';
import { type Retries, retriesOf } from './connection-retries.js';
import { followCredentials, termsOf } from './connection-terms.js';
import { codeOfReply, type FailureCode, MAX_CLIENTS, PROTECTED } from './failure-code.js';
import type { RedisClient, RedisSource } from './redis-input.js';
import type { StrictClient } from './strict-client.js';
import { CONNECT_TIMEOUT_MS } from './trouble-words.js';

export type StrictConnection = ConfirmedConnection;

export interface ConnectionSettings {
  /** Shown by CLIENT LIST. */
  readonly connectionName: string;
  readonly commandTimeoutMs: number;
  readonly clock: Clock;
  readonly random: Pick<Random, 'next'>;
  /** While it says no, the end of the connection is final until `connect` is called again. Default: always. */
  readonly mayRetry?: () => boolean;
  /** The first that the server says on each connection. Not told by a Cluster. */
  readonly onGreeting?: (greeting: Greeting) => void;
}

type StrictOptions = RedisOptions & { readonly replyMapping: 'legacy' };

/** How often a server behind a Sentinel is asked whether it has loaded its data. */
const LOADING_RETRY_MS = 100;
const CLUSTER_REDIRECTIONS = 3;

/** Not yet connected. A caller's client is duplicated, never used: it would resend a vote after it counted as missing. */
export function openConnection(source: RedisSource, settings: ConnectionSettings): StrictConnection {
  const retries = retriesOf(source, settings, () => connection);
  const strict = strictOptions(settings, source.kind === 'sentinel', retries);
  const client: unknown =
    'client' in source ? duplicated(source, strict, retries) : new Redis({ ...source.options, ...strict });
  if (source.kind !== 'cluster') {
    followCredentials(client, source);
    listenToGreetings(client as StrictClient, settings.clock, (greeting) => {
      if (greeting.code !== undefined) connection.tries.note(greeting.code);
      settings.onGreeting?.(greeting);
    });
  }
  const connection = new ConfirmedConnection({
    client: client as StrictClient,
    terms: termsOf(source),
    clock: settings.clock,
    timeoutMs: settings.commandTimeoutMs,
  });
  return connection;
}

function strictOptions(settings: ConnectionSettings, isSentinel: boolean, retries: Retries): StrictOptions {
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
    // The ready check waits for a server that loads; "LOADING" will do. Behind a Sentinel it finds a demoted master.
    enableReadyCheck: isSentinel,
    maxLoadingRetryTime: LOADING_RETRY_MS,
    retryStrategy: () => retries.delayMs(),
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
          sentinelRetryStrategy: (rounds: number) => retries.roundDelayMs(rounds),
        }
      : {}),
  };
}

function duplicated(
  source: RedisSource & { readonly client: RedisClient },
  strict: StrictOptions,
  retries: Retries,
): unknown {
  const client = source.client as { duplicate(...args: readonly unknown[]): unknown };
  if (source.kind !== 'cluster') return client.duplicate(strict);
  const { enableOfflineQueue, lazyConnect, keyPrefix, retryStrategy, readOnly, ...redisOptions } = strict;
  return client.duplicate([], {
    enableOfflineQueue,
    lazyConnect,
    keyPrefix,
    redisOptions: { ...redisOptions, keyPrefix },
    enableAutoPipelining: false,
    scaleReads: 'master',
    maxRedirections: CLUSTER_REDIRECTIONS,
    clusterRetryStrategy: () => retries.delayMs(),
  });
}

export interface Greeting {
  /** From the standing connection to the first byte: ioredis asks HELLO or SELECT at once. */
  readonly tookMs: number;
  readonly code?: FailureCode;
}

/** A server that takes no more connections says so and hangs up. ioredis takes it for an answer to HELLO, and drops it. */
const FAREWELLS: ReadonlySet<FailureCode> = new Set([MAX_CLIENTS, PROTECTED]);

export function listenToGreetings(
  client: StrictClient,
  clock: Pick<Clock, 'monotonicMs'>,
  heard: (greeting: Greeting) => void,
): void {
  client.on('connect', () => {
    const connectedMs = clock.monotonicMs();
    client.stream?.once?.('data', (bytes) => {
      const text = String(bytes);
      const code = codeOfReply(text);
      const isFarewell = text.startsWith('-') && FAREWELLS.has(code);
      heard({ tookMs: clock.monotonicMs() - connectedMs, ...(isFarewell && { code }) });
    });
  });
}
