import type { Random } from '../../protocol/contract/ports.js';
import { failureCode, NO_SENTINEL } from './failure-code.js';
import { QUICK_TRIES, reconnectDelayMs } from './reconnect-delay.js';
import type { RedisSource } from './redis-input.js';
import type { StrictClient } from './strict-client.js';
import type { VainTries } from './vain-tries.js';

/** Null: not before somebody calls `connect`. */
export interface Retries {
  delayMs(): number | null;
  /** After no Sentinel has answered so often, or none knew the master. The connection is not even tried then. */
  roundDelayMs(rounds: number): number | null;
}

export interface RetryTerms {
  readonly random: Pick<Random, 'next'>;
  readonly mayRetry?: () => boolean;
}

export function retriesOf(
  source: RedisSource,
  { random, mayRetry = () => true }: RetryTerms,
  connection: () => { readonly tries: VainTries; readonly sentinels: SentinelRounds },
): Retries {
  const beside = othersAsked(source);
  return {
    delayMs: () => (mayRetry() ? connection().tries.delayMs(random.next(), beside + 1) : null),
    roundDelayMs: (rounds) => {
      if (!mayRetry()) return null;
      const { tries, sentinels } = connection();
      if (!sentinels.hasFailed) return 0;
      // The quick tries are for a connection that was lost; here there was none.
      const inVain = Math.max(QUICK_TRIES, tries.count) + rounds;
      return reconnectDelayMs('unreachable', inVain, random.next(), beside);
    },
  };
}

/** How many others may be asked before a connection to the node is tried: its Sentinels, or the nodes where a Cluster begins. */
function othersAsked(source: RedisSource): number {
  const { startupNodes, options } = ('client' in source ? source.client : source) as {
    readonly startupNodes?: unknown;
    readonly options: { readonly sentinels?: unknown };
  };
  const asked = source.kind === 'cluster' ? startupNodes : options.sentinels;
  return Array.isArray(asked) ? asked.length : 0;
}

/** Behind a Sentinel that has answered, ioredis finds the end of its list, and calls all unreachable without asking one. */
export class SentinelRounds {
  private failed = false;

  constructor(client: StrictClient) {
    client.on('sentinelError', () => {
      this.failed = true;
    });
  }

  get hasFailed(): boolean {
    return this.failed;
  }

  /** Ask once per error: the round ends with it. */
  isNews(error: unknown): boolean {
    if (failureCode(error) !== NO_SENTINEL) return true;
    const { hasFailed } = this;
    this.failed = false;
    return hasFailed;
  }
}
