import { Inject, Injectable, Logger, type OnApplicationShutdown } from '@nestjs/common';
import { Redis } from 'ioredis';
import { fencedSet, type TickContext } from 'nestjs-distributed-schedule';
import { SETTINGS, type Settings } from './settings.js';

/** In the demo it is the first of the nodes, which gets killed and frozen. */
const PATIENCE_MS = 100;
const RETRY_EVERY_MS = 500;

/** What a task writes to. The fence keeps a replica that was frozen in a sweep from overwriting what its successor has written. */
@Injectable()
export class LastSweep implements OnApplicationShutdown {
  private readonly logger = new Logger('Demo');
  private readonly redis: Redis | undefined;

  constructor(@Inject(SETTINGS) private readonly settings: Settings) {
    const [url] = settings.redisNodes;
    if (url === undefined) return;
    this.redis = new Redis(url, {
      ...{ commandTimeout: PATIENCE_MS, maxRetriesPerRequest: 0, enableOfflineQueue: false },
      retryStrategy: () => RETRY_EVERY_MS,
    });
    // It is away now and then, and the sweep is none the worse for it.
    this.redis.on('error', () => undefined);
  }

  async write({ tick, fencingToken, claimId }: TickContext): Promise<void> {
    if (this.redis === undefined) return;
    const { namespace, replica } = this.settings;
    const value = `${new Date(tick).toISOString()} by ${replica}`;
    const write = { key: `${namespace}:last-sweep`, value, token: fencingToken, claimId };
    const verdict = await fencedSet(this.redis, write).catch(() => undefined);
    if (verdict?.kind === 'stale') {
      this.logger.warn(`the sweep of ${value} wrote nothing: that of ${verdict.newest} has come before it`);
    }
  }

  onApplicationShutdown(): void {
    this.redis?.disconnect();
  }
}
