/** Turns what users write about awkward cases into policies, and refuses what contradicts itself. */

import {
  DEFAULT_POLICIES,
  DEFAULT_RETRY,
  MAX_ATTEMPTS,
  MISFIRE_POLICIES,
  OVERLAP_POLICIES,
  RECOVERY_POLICIES,
  type RetryPolicy,
  type TaskPolicies,
} from '../protocol/contract/task-policies.js';
import type { OptionNames } from './option-names.js';
import { OptionReader } from './option-reader.js';
import type { RetryOptions, TaskPolicyOptions } from './task-policy-options.js';

const LONGEST_MS = 366 * 86_400_000;
/** What a timer can hold. */
const LONGEST_TIMEOUT_MS = 2_147_483_647;
/** A limit in seconds that was meant in milliseconds would run everything beside itself. */
const LEAST_GIVE_UP_MS = 1_000;
const MOST_JITTER = 0.1;

/**
 * The policies of a task: its own options, then the defaults of the module, then those of the library.
 * @throws DistributedScheduleError DSCHED_BAD_OPTION, DSCHED_UNKNOWN_OPTION, DSCHED_DURATIONS
 */
export function resolveTaskPolicies(
  task: string,
  given: TaskPolicyOptions,
  defaults: TaskPolicyOptions = {},
): TaskPolicies {
  return resolve(new OptionReader({ task }), {
    overlap: given.overlap ?? defaults.overlap,
    misfire: given.misfire ?? defaults.misfire,
    recovery: given.recovery ?? defaults.recovery,
    retry: given.retry ?? defaults.retry,
    timeoutMs: given.timeoutMs ?? defaults.timeoutMs,
    giveUpAfterMs: given.giveUpAfterMs ?? defaults.giveUpAfterMs,
  });
}

/**
 * Checks the defaults of the module before there is any task.
 * @throws DistributedScheduleError DSCHED_BAD_OPTION, DSCHED_UNKNOWN_OPTION, DSCHED_DURATIONS
 */
export function requireTaskDefaults(defaults: TaskPolicyOptions): void {
  resolve(new OptionReader({ path: 'tasks.' }), defaults);
}

type Given = { readonly [K in keyof TaskPolicyOptions]: TaskPolicyOptions[K] | undefined };

function resolve(reader: OptionReader, given: Given): TaskPolicies {
  const { overlap = DEFAULT_POLICIES.overlap, timeoutMs, giveUpAfterMs } = given;
  reader.requireOneOf('overlap', overlap, OVERLAP_POLICIES);
  if (timeoutMs !== undefined) reader.requireWhole('timeoutMs', timeoutMs, 1, LONGEST_TIMEOUT_MS);
  if (giveUpAfterMs !== undefined) requireGiveUp(reader, giveUpAfterMs, timeoutMs);
  const misfire = boundedPolicy(reader, 'misfire', given.misfire, MISFIRE_POLICIES);
  const recovery = boundedPolicy(reader, 'recovery', given.recovery, RECOVERY_POLICIES, { retakes: true });
  if (recovery.retakes !== undefined) {
    reader.requireWhole('recovery.retakes', recovery.retakes, 1, MAX_ATTEMPTS - 1, 'attempts');
  }
  const retry = retryPolicy(reader, given.retry);
  if (overlap === 'allow' && recovery.policy === 'retake') {
    throw reader.bad(
      'recovery',
      'retake',
      "'lose' beside overlap 'allow': runs that may stand side by side hold no lock that would tell a dead one from one that goes on",
    );
  }
  return Object.freeze({
    overlap,
    misfire: misfire.policy ?? DEFAULT_POLICIES.misfire,
    misfireWithinMs: misfire.withinMs ?? DEFAULT_POLICIES.misfireWithinMs,
    recovery: recovery.policy ?? DEFAULT_POLICIES.recovery,
    recoveryWithinMs: recovery.withinMs ?? DEFAULT_POLICIES.recoveryWithinMs,
    mostRetakes: recovery.retakes ?? DEFAULT_POLICIES.mostRetakes,
    ...(retry === undefined ? {} : { retry }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(giveUpAfterMs === undefined ? {} : { giveUpAfterMs }),
  });
}

function requireGiveUp(reader: OptionReader, giveUpAfterMs: number, timeoutMs: number | undefined): void {
  reader.requireWhole('giveUpAfterMs', giveUpAfterMs, LEAST_GIVE_UP_MS, LONGEST_TIMEOUT_MS);
  if (timeoutMs === undefined || giveUpAfterMs > timeoutMs) return;
  throw reader.contradiction(
    `giveUpAfterMs must exceed timeoutMs, or a run is given up before it is told to end: ${giveUpAfterMs} <= ${timeoutMs}. ` +
      'Raise giveUpAfterMs or lower timeoutMs.',
    giveUpAfterMs,
  );
}

interface BoundedPolicy<T> {
  readonly policy?: T;
  readonly withinMs?: number;
  readonly retakes?: number;
}

/** A policy by its name, or with a bound beside it. */
function boundedPolicy<T extends string>(
  reader: OptionReader,
  option: string,
  given: T | (BoundedPolicy<T> & { readonly policy: T }) | undefined,
  policies: readonly T[],
  more: OptionNames = {},
): BoundedPolicy<T> {
  if (given === undefined) return {};
  if (typeof given !== 'object' || given === null) {
    reader.requireOneOf(option, given, policies);
    return { policy: given };
  }
  reader.requireGroup(option, given, { policy: true, withinMs: true, ...more });
  reader.requireOneOf(`${option}.policy`, given.policy, policies);
  if (given.withinMs !== undefined) reader.requireWhole(`${option}.withinMs`, given.withinMs, 1, LONGEST_MS);
  return given;
}

function retryPolicy(
  reader: OptionReader,
  given: number | RetryOptions | undefined,
): RetryPolicy | undefined {
  if (given === undefined) return undefined;
  if (typeof given !== 'object' || given === null) {
    reader.requireWhole('retry', given, 1, MAX_ATTEMPTS, 'attempts');
    return given === 1 ? undefined : Object.freeze({ ...DEFAULT_RETRY, attempts: given });
  }
  reader.requireGroup('retry', given, {
    attempts: true,
    baseMs: true,
    capMs: true,
    jitter: true,
    deadlineMs: true,
  });
  const policy: RetryPolicy = {
    attempts: given.attempts ?? DEFAULT_RETRY.attempts,
    baseMs: given.baseMs ?? DEFAULT_RETRY.baseMs,
    capMs: given.capMs ?? DEFAULT_RETRY.capMs,
    jitter: given.jitter ?? DEFAULT_RETRY.jitter,
    deadlineMs: given.deadlineMs ?? DEFAULT_RETRY.deadlineMs,
  };
  reader.requireWhole('retry.attempts', policy.attempts, 2, MAX_ATTEMPTS, 'attempts');
  reader.requireWhole('retry.baseMs', policy.baseMs, 1, LONGEST_MS);
  reader.requireWhole('retry.capMs', policy.capMs, 1, LONGEST_MS);
  reader.requireNumber('retry.jitter', policy.jitter, 0, MOST_JITTER);
  reader.requireWhole('retry.deadlineMs', policy.deadlineMs, 1, LONGEST_MS);
  requireRetryRelations(reader, policy);
  return Object.freeze(policy);
}

function requireRetryRelations(reader: OptionReader, { baseMs, capMs, deadlineMs }: RetryPolicy): void {
  if (baseMs > capMs) {
    throw reader.contradiction(
      `retry.baseMs must not exceed retry.capMs, the longest delay: ${baseMs} > ${capMs}. Lower baseMs or raise capMs.`,
      baseMs,
    );
  }
  if (baseMs > deadlineMs) {
    throw reader.contradiction(
      `retry.baseMs must not exceed retry.deadlineMs, or no second run ever starts: ${baseMs} > ${deadlineMs}. ` +
        'Lower baseMs or raise deadlineMs.',
      baseMs,
    );
  }
}
