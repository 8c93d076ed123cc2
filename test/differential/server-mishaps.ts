/** What a test does to its real server: losses of memory, restarts, and presence that comes and goes. */

import { writeFileSync } from 'node:fs';
import type { Redis } from 'ioredis';
import type { RedisKeys } from '#src/redis/scripts/redis-keys.js';
import type { RedisServer } from '../support/redis-server.js';
import type { Mishap, Restart } from './step.js';

const DELETE_SETS = "for _, key in ipairs(redis.call('KEYS', ARGV[1])) do redis.call('DEL', key) end";

/** A master that never answers: nothing listens on port 1. */
const NO_MASTER = ['127.0.0.1', 1] as const;

export class ServerMishaps {
  private readonly present = new Set<string>();
  private readonly subscriber: Redis;
  private hasFile = false;

  constructor(
    private readonly server: RedisServer,
    private readonly client: Redis,
    private readonly keys: RedisKeys,
    /** Read by the server at each start. */
    private readonly configFile: string,
  ) {
    this.subscriber = server.client();
  }

  async reset(): Promise<void> {
    for (const instanceId of [...this.present]) await this.setPresence(instanceId, false);
    this.hasFile = false;
  }

  /** Answers whether the server is another process now. */
  async happen(mishap: Mishap): Promise<boolean> {
    switch (mishap.kind) {
      case 'flush':
        await this.client.flushall();
        return false;
      case 'evict ledger':
        await this.client.del(this.keys.ledger);
        return false;
      case 'evict members':
        await this.client.del(this.keys.members);
        return false;
      case 'evict signs':
        await this.client.del(this.keys.beats);
        return false;
      case 'evict standby sets':
        await this.client.eval(DELETE_SETS, 0, this.keys.standbySet('*'));
        return false;
      case 'version':
        await this.client.hset(this.keys.ledger, 'version', String(mishap.version));
        return false;
      case 'evict lock':
        await this.client.del(this.keys.lock(mishap.task));
        return false;
      case 'presence':
        await this.setPresence(mishap.instanceId, mishap.isPresent);
        return false;
      case 'save':
        await this.save();
        return false;
      case 'fail back':
        await this.client.replicaof(...NO_MASTER);
        await this.client.replicaof('NO', 'ONE');
        return false;
      default:
        await this.restart(mishap.kind);
        return true;
    }
  }

  private async save(): Promise<void> {
    await this.client.save();
    this.hasFile = true;
  }

  private async restart(kind: Restart): Promise<void> {
    if (kind === 'restart as a replica') await this.client.replicaof(...NO_MASTER);
    if (kind === 'restart as a replica' || kind === 'restart with its memory') await this.save();
    if (kind === 'restart empty') this.hasFile = false;
    const replica = kind === 'restart as a replica' ? `replicaof ${NO_MASTER.join(' ')}\n` : '';
    writeFileSync(this.configFile, replica);
    if (this.hasFile) {
      await this.server.kill();
      await this.server.start();
    } else {
      await this.server.restartEmpty();
    }
    if (this.present.size > 0) await this.subscriber.subscribe(...this.channels());
  }

  private async setPresence(instanceId: string, isPresent: boolean): Promise<void> {
    const channel = this.keys.presence(instanceId);
    if (isPresent) {
      this.present.add(instanceId);
      await this.subscriber.subscribe(channel);
    } else if (this.present.delete(instanceId)) {
      // Valkey refuses to end a subscription that there is not.
      await this.subscriber.unsubscribe(channel);
    }
  }

  private channels(): readonly string[] {
    return [...this.present].map((instanceId) => this.keys.presence(instanceId));
  }
}
