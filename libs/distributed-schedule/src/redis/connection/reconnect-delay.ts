/** How long a connection that was of no use is waited with: quickly at first, then by what is known of the cause. */

import {
  type FailureCode,
  NO_CLUSTER,
  NO_PASSWORD,
  NOT_REDIS,
  PROTECTED,
  UNKNOWN_COMMAND,
} from './failure-code.js';

/**
 * - `unreachable`: nobody is there, or nobody answers. It passes by itself.
 * - `mute`: somebody takes the connection and ends it without a word: a port of TLS, a proxy without a server, a restart.
 * - `refused`: credentials, rights, role, database, protocol or certificate. Somebody has to act, and each try stands in a log.
 */
export type ReconnectCause = 'unreachable' | 'mute' | 'refused';

/** Quick whatever the cause: a run survives only if its lease is renewed within a moment. */
export const QUICK_TRIES = 5;
const QUICK_MS = 20;

const FIRST_DELAY_MS = 100;

interface Growth {
  readonly steadyConnections: number;
  readonly capMs: number;
}

const GROWTH: Readonly<Record<ReconnectCause, Growth>> = {
  unreachable: { steadyConnections: 30, capMs: 1_000 },
  mute: { steadyConnections: 30, capMs: 5_000 },
  refused: { steadyConnections: 0, capMs: 5_000 },
};

/** Only ever longer: the caps bound how often a server is knocked at. */
const JITTER = 0.1;

/** What a server in trouble has to bear: one connection per second, node and instance. */
const PER_CONNECTION_MS = 1_000;

/** The exponent beyond which every delay has reached its cap; 2 to a far larger one is no number. */
const MAX_GROWTH = 32;

/**
 * @param triesInVain tries since the last success that were of no use, without the lost connection itself
 * @param connectionsPerTry more than one with Sentinels or the nodes of a Cluster
 */
export function reconnectDelayMs(
  cause: ReconnectCause,
  triesInVain: number,
  random: number,
  connectionsPerTry = 1,
): number {
  if (triesInVain < QUICK_TRIES) return QUICK_MS;
  const { steadyConnections, capMs } = GROWTH[cause];
  const steadyTries = Math.floor(steadyConnections / connectionsPerTry);
  const growth = Math.min(MAX_GROWTH, Math.max(0, triesInVain - QUICK_TRIES - steadyTries));
  const mostMs = Math.max(capMs, connectionsPerTry * PER_CONNECTION_MS);
  return Math.min(mostMs, FIRST_DELAY_MS * 2 ** growth) * (1 + random * JITTER);
}

const REFUSALS: ReadonlySet<string> = new Set([
  ...[
    'NOAUTH',
    'WRONGPASS',
    'NOPERM',
    'ERR',
    'NOPROTO',
    'READONLY',
    'MASTERDOWN',
    'MOVED',
    'EPROTO',
    'EACCES',
  ],
  ...[UNKNOWN_COMMAND, NO_CLUSTER, NO_PASSWORD, NOT_REDIS, PROTECTED],
]);
/** Of Node's TLS: CERT_HAS_EXPIRED, DEPTH_ZERO_SELF_SIGNED_CERT, ERR_TLS_CERT_ALTNAME_INVALID, ERR_SSL_…, ERR_OSSL_… */
const TLS_REFUSALS = /CERT|ISSUER|LEAF_SIGNATURE|^ERR_(TLS|SSL|OSSL)_/;
const HUNG_UP: ReadonlySet<string> = new Set(['ECONNRESET', 'EPIPE']);

export function reconnectCauseOf(code: FailureCode): ReconnectCause {
  if (REFUSALS.has(code) || TLS_REFUSALS.test(code)) return 'refused';
  return HUNG_UP.has(code) ? 'mute' : 'unreachable';
}

/** When an address that leads to a replica is looked up anew: after a failover at once, later now and then. */
export class ReplicaLeave {
  private left = 0;
  private leftMs = 0;

  /** @param nowMs monotonic */
  isDue(nowMs: number, random: number): boolean {
    if (this.left > 0 && nowMs - this.leftMs < reconnectDelayMs('refused', this.left - 1, random))
      return false;
    this.left += 1;
    this.leftMs = nowMs;
    return true;
  }

  reset(): void {
    this.left = 0;
  }
}
