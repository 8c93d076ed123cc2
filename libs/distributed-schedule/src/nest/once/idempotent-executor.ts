import { Inject, Injectable, Logger, type OnApplicationShutdown, Optional } from '@nestjs/common';
import { CacheOfStore } from '../../once/cache-of-store.js';
import { EffectsOfRuns } from '../../once/effects-of-runs.js';
import type { OnceResult } from '../../once/once-result.js';
import { type Effect, type OnceParts, runOnce } from '../../once/run-once.js';
import type { Snapshot, SnapshotParts } from '../../once/snapshot-store.js';
import { StoreOutage } from '../../once/store-patience.js';
import { DistributedScheduleError } from '../../protocol/contract/errors.js';
import type { Clock, Random } from '../../protocol/contract/ports.js';
import type { ModuleOptions } from '../../setup/distributed-schedule-options.resolver.js';
import {
  type IdempotentExecutionOptions,
  type ResolvedExecutionOptions,
  resolveExecutionOptions,
} from '../../setup/idempotent-execution-options.js';
import { type RunOnceOptions, requireKey, requireRunOnce } from '../../setup/run-once-options.js';
import { tryCurrentTick } from '../../system/current-tick.js';
import { jobIdOf } from '../../system/idempotency-key.js';
import { OpenEffects } from '../../system/open-effects.js';
import { SystemClock } from '../../system/system-clock.js';
import { SystemRandom } from '../../system/system-random.js';
import { sha256Hex } from '../../tasks/sha256.js';
import { EXECUTION_OPTIONS, MODULE_OPTIONS } from '../distributed-schedule.tokens.js';

/** The effect has been applied: here and now, or by an earlier attempt. */
export type OnceDone<Output> = Extract<OnceResult<Output>, { kind: 'ran' | 'replayed' }>;

/**
 * Runs the effect of a job until it has succeeded once, and answers from its snapshot from then on.
 *
 * ```ts
 * await this.once.runOnce(tick.idempotencyKey, async (tx) => {
 *   await tx.query('UPDATE account SET balance = balance - $1 WHERE id = $2', [fee, id]);
 * });
 * ```
 *
 * In PostgreSQL `tx` is a client in an open transaction: what is written through it and the snapshot are committed together, so
 * the effect is applied exactly once. In the other stores `tx` is undefined and the effect is run at least once.
 */
@Injectable()
export class IdempotentExecutor<Tx = unknown> implements OnApplicationShutdown {
  private readonly options: ResolvedExecutionOptions;
  private readonly parts: Omit<OnceParts<Tx>, 'cache'>;
  private readonly cache: CacheOfStore | undefined;
  private readonly effects = new EffectsOfRuns();
  private readonly open = new OpenEffects();

  constructor(
    @Inject(EXECUTION_OPTIONS) given: IdempotentExecutionOptions,
    @Optional()
    @Inject(MODULE_OPTIONS)
    schedule?: Pick<ModuleOptions, 'givenNamespace' | 'knownApp'>,
  ) {
    this.options = resolveExecutionOptions(given, schedule);
    const { namespace, patience, mostKeptChars } = this.options;
    const platform: SnapshotParts = { clock: CLOCK, random: RANDOM, namespace };
    const store = this.options.store.open(platform);
    const cache = this.options.cache?.open(platform);
    this.cache = cache && new CacheOfStore({ store, cache, clock: CLOCK, digest: sha256Hex });
    this.parts = {
      ...{ ...platform, patience, mostKeptChars, digest: sha256Hex },
      store: store as OnceParts<Tx>['store'],
      outage: new StoreOutage(CLOCK, (line) => LOGGER.warn(line)),
    };
  }

  /** Whether what an effect writes through `tx` is applied exactly once. If not, the effect is run at least once. */
  get isTransactional(): boolean {
    return this.parts.store.isTransactional;
  }

  /**
   * @throws what the effect throws, after the failure is written down
   * @throws DistributedScheduleError DSCHED_JOB_PENDING when another attempt is at it, DSCHED_JOB_SUPERSEDED when a later one
   *   has taken it over, DSCHED_STORE_UNREACHABLE, DSCHED_KEY_REUSED for another input, or for two effects in one run, DSCHED_JOB_NESTED for a
   *   job inside its own effect, DSCHED_POOL_FULL inside an effect when the pool has no connection left, DSCHED_BAD_KEY,
   *   DSCHED_UNKNOWN_OPTION, DSCHED_BAD_OPTION
   */
  async runOnce<Output>(
    key: string,
    effect: Effect<Tx, Output>,
    options: RunOnceOptions = {},
  ): Promise<OnceDone<Output>> {
    const result = await this.tryRunOnce(key, effect, options);
    if (result.kind === 'ran' || result.kind === 'replayed') return result;
    const [code, what] = UNDONE[result.kind];
    const { snapshot } = result;
    const who = snapshot === undefined ? '' : ` (attempt ${snapshot.attempt})`;
    throw new DistributedScheduleError(code, `${what}${who}`, { value: snapshot?.jobId });
  }

  /** The same, with `pending` and `superseded` as answers. They mean that the job is *not* known to be done. */
  async tryRunOnce<Output>(
    key: string,
    effect: Effect<Tx, Output>,
    options: RunOnceOptions = {},
  ): Promise<OnceResult<Output>> {
    requireRunOnce(effect, options);
    const { part, input } = options;
    const jobId = this.jobIdOf(key, part);
    this.open.requireOther(jobId, key);
    const tick = tryCurrentTick();
    if (tick !== undefined) this.effects.require(tick, jobId, key, effect);
    const token = options.fencingToken ?? (tick?.idempotencyKey === key ? tick.fencingToken : undefined);
    const signal = options.signal ?? tick?.signal;
    signal?.throwIfAborted();
    const job = {
      ...{ jobId, input, isNested: this.open.isInside },
      ...(token === undefined ? {} : { fencingToken: token }),
    };
    return runOnce({ ...this.parts, cache: this.cache?.forCall(), signal }, job, (tx, snapshot) =>
      this.open.during(jobId, () => effect(tx, snapshot)),
    );
  }

  /**
   * What is known of a job; undefined when it was never begun.
   * @throws DistributedScheduleError DSCHED_STORE_UNREACHABLE, DSCHED_BAD_KEY
   */
  async snapshot(key: string, part?: string): Promise<Snapshot | undefined> {
    const reply = await this.parts.store.read(this.jobIdOf(key, part));
    if (reply.answered) return reply.snapshot;
    const why = `the snapshot store did not answer (${reply.reason})`;
    throw new DistributedScheduleError('DSCHED_STORE_UNREACHABLE', why);
  }

  /**
   * Removes the success of a job from the cache: in Redis, and in the memory of every instance that listens. For what was put right by hand
   * in the store, where the snapshot stays as it is.
   * @throws DistributedScheduleError DSCHED_STORE_UNREACHABLE when some instance may answer with it yet, DSCHED_BAD_KEY
   */
  async forgetCached(key: string, part?: string): Promise<void> {
    const jobId = this.jobIdOf(key, part);
    const reply = await this.cache?.forget(jobId);
    if (reply === undefined || reply.forgotten) return;
    throw new DistributedScheduleError(
      'DSCHED_STORE_UNREACHABLE',
      `the cache was not told to forget job ${jobId} (${reply.reason}); until the time to live of its entry is over it may answer with it`,
      { value: jobId },
    );
  }

  /** After every module has been destroyed: until then a handler may still be in an effect. */
  async onApplicationShutdown(): Promise<void> {
    await Promise.all([this.cache?.close(), this.parts.store.close()]);
  }

  private jobIdOf(key: string, part: string | undefined): string {
    requireKey('key', key);
    if (part !== undefined) requireKey('part', part);
    const { namespace, app } = this.options;
    return jobIdOf({ namespace, app, key, part });
  }
}

const LOGGER = new Logger('DistributedSchedule');
const CLOCK: Clock = new SystemClock();
const RANDOM: Random = new SystemRandom();

const UNDONE = {
  pending: ['DSCHED_JOB_PENDING', 'another attempt is at this job, which is not done yet'],
  superseded: ['DSCHED_JOB_SUPERSEDED', 'a later attempt has taken this job over'],
} as const;
