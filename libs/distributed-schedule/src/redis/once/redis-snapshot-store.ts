import type {
  BeginVerdict,
  EndVerdict,
  IdentityReply,
  JobStart,
  OpenAttempt,
  Snapshot,
  SnapshotParts,
  SnapshotReply,
  SnapshotStore,
} from '../../once/snapshot-store.js';
import { DistributedScheduleError } from '../../protocol/contract/errors.js';
import type { RedisSource } from '../connection/redis-input.js';
import type { ScriptReply } from '../node/script-channel.js';
import {
  BEGIN_SNAPSHOT_SCRIPT,
  END_SNAPSHOT_SCRIPT,
  IDENTIFY_STORE_SCRIPT,
  READ_SNAPSHOT_SCRIPT,
} from '../scripts/snapshot-scripts.js';
import { SnapshotChannel } from './snapshot-channel.js';
import { hashOfOutput, snapshotFromHash } from './snapshot-hash.js';

export interface RedisSnapshotSettings {
  readonly namespace: string;
  /** A pending attempt that began longer ago is taken for dead. */
  readonly takeoverMs: number;
  /** How long a snapshot is kept after its last change; 0 keeps it for ever. */
  readonly ttlMs: number;
  readonly timeoutMs: number;
  readonly waitReplicas: number;
}

const US_PER_MS = 1_000;

/** One hash per job. A process that dies before the success leaves a pending snapshot: the effect runs at least once. */
export class RedisSnapshotStore implements SnapshotStore<undefined> {
  readonly isTransactional = false;
  private readonly channel: SnapshotChannel;

  constructor(
    source: RedisSource,
    private readonly platform: Omit<SnapshotParts, 'namespace'>,
    private readonly settings: RedisSnapshotSettings,
  ) {
    this.channel = new SnapshotChannel(source, { ...settings, ...platform });
  }

  async read(jobId: string): Promise<SnapshotReply> {
    const reply = await this.channel.call(READ_SNAPSHOT_SCRIPT, this.keyOf(jobId));
    this.requireUsable(reply);
    return reply.answered
      ? { answered: true, snapshot: snapshotFromHash(jobId, reply.value.slice(1)) }
      : { answered: false, reason: reply.reason };
  }

  async begin({ jobId, attemptId, fencingToken, input }: JobStart): Promise<BeginVerdict<undefined>> {
    const { takeoverMs, ttlMs } = this.settings;
    const token = fencingToken === undefined ? '' : String(fencingToken);
    const bounds = [String(takeoverMs * US_PER_MS), String(ttlMs)];
    const args = [token, ...bounds, input?.digest ?? '', input?.json ?? '', attemptId];
    const reply = await this.channel.call(BEGIN_SNAPSHOT_SCRIPT, this.keyOf(jobId), args);
    this.requireUsable(reply);
    const answer = answerOf(jobId, reply);
    switch (answer.code) {
      case 'begun':
        return { kind: 'begun', attempt: this.attemptOf(answer.snapshot) };
      case 'done':
      case 'pending':
      case 'superseded':
        return { kind: answer.code, snapshot: answer.snapshot };
      default:
        return unreachable(answer);
    }
  }

  async identify(): Promise<IdentityReply> {
    const key = `${this.settings.namespace}:job:store`;
    const reply = await this.channel.call(IDENTIFY_STORE_SCRIPT, key, [this.platform.random.id()]);
    return reply.answered
      ? { answered: true, identity: `redis ${reply.value.map(String).join(' ')}` }
      : { answered: false, reason: reply.reason };
  }

  isUndone(): boolean {
    return false;
  }

  async close(): Promise<void> {
    this.channel.close();
  }

  private attemptOf(pending: Snapshot): OpenAttempt<undefined> {
    return {
      snapshot: pending,
      tx: undefined,
      succeed: (output) => this.end(pending, 'success', hashOfOutput(output)),
      fail: (error) => this.end(pending, 'failed', ['error', error]),
      abandon: async () => {},
    };
  }

  private async end(
    { jobId, begunAtUs }: Snapshot,
    status: 'success' | 'failed',
    fields: readonly string[],
  ): Promise<EndVerdict> {
    const args = [String(begunAtUs), String(this.settings.ttlMs), status, ...fields];
    const reply = await this.channel.call(END_SNAPSHOT_SCRIPT, this.keyOf(jobId), args);
    const answer = answerOf(jobId, reply);
    if (answer.code === 'written') return { kind: 'written', snapshot: answer.snapshot };
    if (reply.answered && reply.value[0] === 'superseded') {
      return { kind: 'superseded', ...('snapshot' in answer ? { snapshot: answer.snapshot } : {}) };
    }
    return unreachable(answer);
  }

  /**
   * At an attempt's end a refusal counts as no answer instead: the right may come back in time for the success.
   * @throws DistributedScheduleError DSCHED_STORE_REFUSED
   */
  private requireUsable(reply: ScriptReply): void {
    const { refusal } = this.channel;
    if (reply.answered || refusal?.isLasting !== true) return;
    const message = `the snapshot store is not used: ${refusal.why}`;
    throw new DistributedScheduleError('DSCHED_STORE_REFUSED', message, { value: refusal.code });
  }

  /** No hash tag: jobs spread over the slots of a Cluster. */
  private keyOf(jobId: string): string {
    return `${this.settings.namespace}:job:${jobId}`;
  }
}

type Answer =
  | { readonly code: string; readonly snapshot: Snapshot }
  | { readonly code: undefined; readonly reason: string };

function answerOf(jobId: string, reply: ScriptReply): Answer {
  if (!reply.answered) return { code: undefined, reason: reply.reason };
  const [code, ...fieldsAndValues] = reply.value;
  const snapshot = snapshotFromHash(jobId, fieldsAndValues);
  return snapshot === undefined
    ? { code: undefined, reason: 'no such job' }
    : { code: String(code), snapshot };
}

function unreachable(answer: Answer): { readonly kind: 'unreachable'; readonly reason: string } {
  return { kind: 'unreachable', reason: 'reason' in answer ? answer.reason : 'malformed reply' };
}
