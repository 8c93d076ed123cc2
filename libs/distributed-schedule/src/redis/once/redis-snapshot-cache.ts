import { cachedSuccess } from '../../once/cached-success.js';
import type { ForgetReply, Snapshot, SnapshotCache, SnapshotParts } from '../../once/snapshot-store.js';
import type { RedisSource } from '../connection/redis-input.js';
import { openConnection, type StrictConnection } from '../connection/strict-connection.js';
import {
  FORGET_CACHED_SCRIPT,
  PUBLISH_SNAPSHOT_SCRIPT,
  READ_CACHE_SCRIPT,
} from '../scripts/snapshot-scripts.js';
import { SnapshotChannel } from './snapshot-channel.js';

export interface RedisSnapshotCacheSettings {
  readonly namespace: string;
  readonly ttlMs: number;
  readonly timeoutMs: number;
  readonly mostLocal: number;
}

/** Successes in Redis, and in the memory of instances that listen for what to forget. Nothing is retried. */
export class RedisSnapshotCache implements SnapshotCache {
  private readonly channel: SnapshotChannel;
  private readonly listener: StrictConnection;
  /** In the order in which they came, and so in the order in which they end. */
  private readonly local = new Map<string, { readonly snapshot: Snapshot; readonly untilMs: number }>();
  private isListening = false;
  private isHearing = false;
  /** How often something was to be forgotten, or may have been unheard: a reply that was under way meanwhile may be older. */
  private forgets = 0;

  constructor(
    source: RedisSource,
    private readonly platform: Omit<SnapshotParts, 'namespace'>,
    private readonly settings: RedisSnapshotCacheSettings,
  ) {
    this.channel = new SnapshotChannel(source, { ...settings, ...platform, waitReplicas: 0 });
    this.listener = openConnection(source, {
      connectionName: 'nestjs-distributed-schedule:broadcast',
      commandTimeoutMs: settings.timeoutMs,
      ...platform,
      // A store that refuses one connection refuses two.
      mayRetry: () => this.channel.isConfirmed,
    });
    this.channel.onConfirmed(() => this.openListener());
    this.listener.onConfirmed(() => void this.subscribe().catch(() => {}));
    this.listener.on('close', () => {
      this.isHearing = false;
      this.forgets += 1;
      this.local.clear();
    });
    this.listener.on('message', (_, text) => this.hear(text));
  }

  /** Starts to listen; what was published before is found in Redis. */
  async read(jobId: string): Promise<Snapshot | undefined> {
    this.listen();
    const near = this.isHearing ? this.local.get(jobId) : undefined;
    if (near !== undefined && near.untilMs > this.platform.clock.monotonicMs()) return near.snapshot;
    const forgets = this.forgets;
    const reply = await this.channel.call(READ_CACHE_SCRIPT, this.keyOf(jobId));
    const snapshot = reply.answered ? cachedSuccess(parsed(String(reply.value[0])), jobId) : undefined;
    if (snapshot !== undefined && forgets === this.forgets) this.keep(snapshot);
    return snapshot;
  }

  async publish(snapshot: Snapshot): Promise<void> {
    if (snapshot.status !== 'success') return;
    const text = JSON.stringify(snapshot);
    this.keep(snapshot);
    const args = [String(this.settings.ttlMs), text, this.broadcast];
    await this.channel.call(PUBLISH_SNAPSHOT_SCRIPT, this.keyOf(snapshot.jobId), args);
  }

  async forget(jobId: string): Promise<ForgetReply> {
    this.forgetHere(jobId);
    const args = [JSON.stringify({ forget: jobId } satisfies Forgotten), this.broadcast];
    const reply = await this.channel.call(FORGET_CACHED_SCRIPT, this.keyOf(jobId), args);
    return reply.answered ? { forgotten: true } : { forgotten: false, reason: reply.reason };
  }

  async close(): Promise<void> {
    this.isListening = false;
    this.channel.close();
    this.listener.disconnect();
    this.local.clear();
  }

  private listen(): void {
    if (this.isListening || this.settings.mostLocal === 0) return;
    this.isListening = true;
    if (this.channel.isConfirmed) this.openListener();
  }

  private openListener(): void {
    const { status } = this.listener;
    if (this.isListening && (status === 'wait' || status === 'end')) this.listener.connect().catch(() => {});
  }

  private async subscribe(): Promise<void> {
    await this.listener.requireConfirmed().subscribe(this.broadcast);
    this.isHearing = true;
    this.listener.succeeded();
  }

  private hear(text: string): void {
    const told = parsed(text) as Partial<Forgotten & Snapshot> | null | undefined;
    if (typeof told?.forget === 'string') this.forgetHere(told.forget);
    const snapshot = cachedSuccess(told, String(told?.jobId));
    if (snapshot !== undefined) this.keep(snapshot);
  }

  private forgetHere(jobId: string): void {
    this.forgets += 1;
    this.local.delete(jobId);
  }

  private keep(snapshot: Snapshot): void {
    if (!this.isHearing) return;
    const { mostLocal, ttlMs } = this.settings;
    this.local.delete(snapshot.jobId);
    this.local.set(snapshot.jobId, { snapshot, untilMs: this.platform.clock.monotonicMs() + ttlMs });
    const [oldest] = this.local.keys();
    if (this.local.size > mostLocal && oldest !== undefined) this.local.delete(oldest);
  }

  private get broadcast(): string {
    return `${this.settings.namespace}:done`;
  }

  private keyOf(jobId: string): string {
    return `${this.settings.namespace}:done:${jobId}`;
  }
}

interface Forgotten {
  readonly forget: string;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
