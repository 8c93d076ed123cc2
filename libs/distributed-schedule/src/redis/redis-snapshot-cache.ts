import type { Clock } from '../protocol/ports.js';
import type { Snapshot, SnapshotCache, SnapshotParts } from '../protocol/snapshot/snapshot-store.js';
import type { RedisSource } from './redis-input.js';
import { SnapshotChannel } from './snapshot-channel.js';
import { PUBLISH_SNAPSHOT_SCRIPT, READ_CACHE_SCRIPT } from './snapshot-scripts.js';
import { openConnection, type StrictConnection } from './strict-connection.js';

export interface RedisSnapshotCacheSettings {
  readonly namespace: string;
  readonly ttlMs: number;
  readonly timeoutMs: number;
  /** Entries in this instance's own memory. */
  readonly mostLocal: number;
}

/**
 * Successes in Redis with a time to live, and in the memory of every instance that hears of them. A success never changes, so
 * whatever is found here is right; and nobody relies on finding it, so nothing here is retried.
 */
export class RedisSnapshotCache implements SnapshotCache {
  readonly #channel: SnapshotChannel;
  readonly #listener: StrictConnection;
  readonly #clock: Clock;
  readonly #settings: RedisSnapshotCacheSettings;
  /** In the order in which they came, and so in the order in which they end. */
  readonly #local = new Map<string, { readonly snapshot: Snapshot; readonly untilMs: number }>();
  #isListening = false;

  constructor(
    source: RedisSource,
    platform: Omit<SnapshotParts, 'namespace'>,
    settings: RedisSnapshotCacheSettings,
  ) {
    this.#clock = platform.clock;
    this.#settings = settings;
    this.#channel = new SnapshotChannel(source, { ...settings, ...platform, waitReplicas: 0 });
    this.#listener = openConnection(source, {
      connectionName: 'nestjs-distributed-schedule:broadcast',
      commandTimeoutMs: settings.timeoutMs,
      ...platform,
      // A store that refuses one connection refuses two.
      mayRetry: () => this.#channel.isConfirmed,
    });
    this.#channel.onConfirmed(() => this.#openListener());
    this.#listener.onConfirmed(() => {
      this.#listener.subscribe(this.#broadcast).then(
        () => this.#listener.succeeded(),
        () => {},
      );
    });
    this.#listener.on('message', (_, text) => this.#keep(text));
  }

  /** Starts to listen; what was published before is found in Redis. */
  async read(jobId: string): Promise<Snapshot | undefined> {
    this.#listen();
    const near = this.#local.get(jobId);
    if (near !== undefined && near.untilMs > this.#clock.monotonicMs()) {
      return near.snapshot;
    }
    const reply = await this.#channel.call(READ_CACHE_SCRIPT, this.#keyOf(jobId));
    const snapshot = reply.answered ? this.#keep(String(reply.value[0])) : undefined;
    return snapshot?.jobId === jobId ? snapshot : undefined;
  }

  async publish(snapshot: Snapshot): Promise<void> {
    if (snapshot.status !== 'success') {
      return;
    }
    const text = JSON.stringify(snapshot);
    this.#keep(text);
    const args = [String(this.#settings.ttlMs), text, this.#broadcast];
    await this.#channel.call(PUBLISH_SNAPSHOT_SCRIPT, this.#keyOf(snapshot.jobId), args);
  }

  async close(): Promise<void> {
    this.#isListening = false;
    this.#channel.close();
    this.#listener.disconnect();
    this.#local.clear();
  }

  #listen(): void {
    if (this.#isListening || this.#settings.mostLocal === 0) {
      return;
    }
    this.#isListening = true;
    if (this.#channel.isConfirmed) this.#openListener();
  }

  #openListener(): void {
    const { status } = this.#listener;
    if (this.#isListening && (status === 'wait' || status === 'end')) {
      this.#listener.connect().catch(() => {});
    }
  }

  /** Anybody with access to the store can write there: what is no success is nothing. */
  #keep(text: string): Snapshot | undefined {
    const snapshot = parsed(text);
    if (snapshot === undefined) {
      return undefined;
    }
    const { mostLocal, ttlMs } = this.#settings;
    this.#local.delete(snapshot.jobId);
    this.#local.set(snapshot.jobId, { snapshot, untilMs: this.#clock.monotonicMs() + ttlMs });
    const [oldest] = this.#local.keys();
    if (this.#local.size > mostLocal && oldest !== undefined) {
      this.#local.delete(oldest);
    }
    return snapshot;
  }

  get #broadcast(): string {
    return `${this.#settings.namespace}:done`;
  }

  #keyOf(jobId: string): string {
    return `${this.#settings.namespace}:done:${jobId}`;
  }
}

function parsed(text: string): Snapshot | undefined {
  try {
    const value = JSON.parse(text) as Partial<Snapshot> | null;
    return value?.status === 'success' && typeof value.jobId === 'string' ? (value as Snapshot) : undefined;
  } catch {
    return undefined;
  }
}
