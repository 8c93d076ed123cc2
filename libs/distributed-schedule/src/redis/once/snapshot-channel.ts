import type { Clock, Random } from '../../protocol/contract/ports.js';
import { within } from '../../protocol/time/within.js';
import type { ConnectionRefusal } from '../connection/connection-refusal.js';
import { type FailureCode, failureCode, NOT_CONNECTED, shownReason } from '../connection/failure-code.js';
import { type RedisInput, type RedisSource, requireRedisSources } from '../connection/redis-input.js';
import { openConnection, type StrictConnection } from '../connection/strict-connection.js';
import { ScriptChannel, type ScriptReply } from '../node/script-channel.js';
import type { RedisScript } from '../scripts/redis-scripts.js';

/** A call that comes before the first connection waits for it. */
const CONNECT_WITHIN_MS = 1_000;

export interface SnapshotChannelSettings {
  readonly clock: Clock;
  readonly random: Random;
  readonly timeoutMs: number;
  /** Replicas that must have a change before it counts; 0 asks none. */
  readonly waitReplicas: number;
}

/** One store that is no voting node: it is not asked for its incarnation, and may well be a Sentinel or a Cluster. */
export class SnapshotChannel {
  private readonly connection: StrictConnection;
  private readonly channel: ScriptChannel;
  private lastFailure: FailureCode = NOT_CONNECTED;
  private ready: Promise<void> | undefined;

  constructor(
    source: RedisSource,
    private readonly settings: SnapshotChannelSettings,
  ) {
    const { clock, random, timeoutMs } = settings;
    this.connection = openConnection(source, {
      connectionName: 'nestjs-distributed-schedule:snapshots',
      commandTimeoutMs: timeoutMs,
      ...{ clock, random },
    });
    this.connection.onError((error) => {
      this.lastFailure = failureCode(error);
    });
    this.channel = new ScriptChannel({ ...settings, connection: this.connection, onTimeSample: () => {} });
  }

  /** Never rejects: whatever goes wrong is no answer. */
  async call(script: RedisScript, key: string, args: readonly string[] = []): Promise<ScriptReply> {
    const { clock, timeoutMs } = this.settings;
    await this.connect();
    if (this.connection.status !== 'ready') return this.unanswered(shownReason(this.lastFailure));
    const reply = await this.channel.run(script, [key], args, clock.monotonicMs() + timeoutMs);
    return reply.answered ? reply : this.unanswered(reply.reason);
  }

  /** What the server holds against the database or the user, as of its last answer: nothing of ours was sent then. */
  get refusal(): ConnectionRefusal | undefined {
    return this.connection.refusal;
  }

  onConfirmed(listener: () => void): void {
    this.connection.onConfirmed(listener);
  }

  get isConfirmed(): boolean {
    return this.connection.isConfirmed;
  }

  close(): void {
    this.connection.disconnect();
  }

  private unanswered(reason: string): ScriptReply {
    return { answered: false, reason: this.refusal?.why ?? reason };
  }

  private async connect(): Promise<void> {
    this.ready ??= this.connection.connect().catch(() => {});
    if (this.connection.status === 'ready') return;
    const { clock } = this.settings;
    await within(clock, clock.monotonicMs() + CONNECT_WITHIN_MS, this.ready, undefined);
  }
}

/** @throws DistributedScheduleError DSCHED_BAD_REDIS */
export function requireOneSource(input: RedisInput): RedisSource {
  const [source] = requireRedisSources([input]);
  return source as RedisSource;
}
