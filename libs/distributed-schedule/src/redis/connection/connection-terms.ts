import type { Clock } from '../../protocol/contract/ports.js';
import type { RedisClient, RedisSource } from './redis-input.js';
import type { StrictClient } from './strict-client.js';

export interface ConnectionTerms {
  /** Undefined in a Cluster, which has database 0 only. */
  readonly database: number | undefined;
  /** Undefined for the default user. Read anew for each connection: a password may rotate, a property be a getter. */
  credentials(): Credentials | undefined;
}

export interface ConfirmedConnectionParts {
  readonly client: StrictClient;
  readonly terms: ConnectionTerms;
  readonly clock: Clock;
  /** How long the server may take to confirm. */
  readonly timeoutMs: number;
}

export interface Credentials {
  readonly username?: string;
  readonly password: string;
}

type CredentialOptions = Readonly<Partial<Record<'username' | 'password', string | null>>>;

/** A Cluster has one database, and its nodes log in by themselves: one that refuses is not connected to. */
const TERMS_OF_CLUSTER: ConnectionTerms = { database: undefined, credentials: () => undefined };

export function termsOf(source: RedisSource): ConnectionTerms {
  if (source.kind === 'cluster') return TERMS_OF_CLUSTER;
  const options = optionsOf(source);
  return { database: options.db ?? 0, credentials: () => credentialsOf(options) };
}

/** Lets a connection read user and password anew whenever it connects, from where the caller keeps them. */
export function followCredentials(connection: unknown, source: RedisSource): void {
  const { options } = connection as { readonly options: object };
  const given = optionsOf(source);
  for (const name of ['username', 'password'] as const) {
    Object.defineProperty(options, name, {
      get: () => readSafely(() => given[name]),
      enumerable: true,
      configurable: true,
    });
  }
}

function optionsOf(source: RedisSource): CredentialOptions & { readonly db?: number } {
  return 'client' in source
    ? (source.client as RedisClient & { readonly options: CredentialOptions }).options
    : (source.options as CredentialOptions);
}

/** Both count as ioredis counts them: an empty text is none. */
function credentialsOf(options: CredentialOptions): Credentials | undefined {
  const username = readSafely(() => options.username) || undefined;
  const password = readSafely(() => options.password) || undefined;
  if (username !== undefined) return { username, password: password ?? '' };
  return password === undefined ? undefined : { password };
}

/** A getter that throws inside ioredis would leave the connection `connecting` for ever; without a password it is refused. */
function readSafely<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
