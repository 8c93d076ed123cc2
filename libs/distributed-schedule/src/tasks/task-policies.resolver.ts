/** Turns what users write about awkward cases into policies, and refuses what contradicts itself. */

import { DistributedScheduleError } from '../protocol/contract/errors.js';
import {
  DEFAULT_POLICIES,
  DEFAULT_RETRY,
  MAX_ATTEMPTS,
  MISFIRE_POLICIES,
  type MisfirePolicy,
  OVERLAP_POLICIES,
  RECOVERY_POLICIES,
  type RecoveryPolicy,
  type RetryPolicy,
  type TaskPolicies,
} from '../protocol/contract/task-policies.js';
import {
  badOption,
  between,
  type OptionPlace,
  type OptionSpec,
  oneOf,
  optional,
  readGroup,
  required,
  requireOption,
  resolveOptions,
  whole,
} from '../protocol/options/option-spec.js';
import type { RetryOptions, TaskPolicyOptions } from './task-policy-options.js';

const MAX_MS = 366 * 86_400_000;
/** What a timer can hold. */
const MAX_TIMEOUT_MS = 2_147_483_647;
/** A limit in seconds that was meant in milliseconds would run everything beside itself. */
const MIN_GIVE_UP_MS = 1_000;

/** Those that are one value. */
const VALUES: OptionSpec<Pick<TaskPolicies, 'overlap' | 'timeoutMs' | 'giveUpAfterMs'>> = {
  overlap: optional(oneOf(OVERLAP_POLICIES), DEFAULT_POLICIES.overlap),
  timeoutMs: whole(1, MAX_TIMEOUT_MS),
  giveUpAfterMs: whole(MIN_GIVE_UP_MS, MAX_TIMEOUT_MS),
};

/** The longer forms. `policy` is required in them, and a plain value stands for it alone. */
const MISFIRE: OptionSpec<Bounded<MisfirePolicy>> = {
  policy: required(oneOf(MISFIRE_POLICIES)),
  withinMs: whole(1, MAX_MS),
};
const RECOVERY: OptionSpec<Retakes> = {
  policy: required(oneOf(RECOVERY_POLICIES)),
  withinMs: whole(1, MAX_MS),
  retakes: whole(1, MAX_ATTEMPTS - 1, 'attempts'),
};
const RETRY: OptionSpec<RetryPolicy> = {
  attempts: optional(whole(2, MAX_ATTEMPTS, 'attempts'), DEFAULT_RETRY.attempts),
  baseMs: optional(whole(1, MAX_MS), DEFAULT_RETRY.baseMs),
  capMs: optional(whole(1, MAX_MS), DEFAULT_RETRY.capMs),
  jitter: optional(between(0, 0.1), DEFAULT_RETRY.jitter),
  deadlineMs: optional(whole(1, MAX_MS), DEFAULT_RETRY.deadlineMs),
};

/** @throws DistributedScheduleError DSCHED_BAD_OPTION, DSCHED_UNKNOWN_OPTION, DSCHED_DURATIONS. Own options count first */
export function resolveTaskPolicies(
  task: string,
  given: TaskPolicyOptions,
  defaults: TaskPolicyOptions = {},
): TaskPolicies {
  return resolve({ task }, { ...defaults, ...withoutUndefined(given) });
}

/** @throws DistributedScheduleError DSCHED_BAD_OPTION, DSCHED_UNKNOWN_OPTION, DSCHED_DURATIONS, before any task is known */
export function requireTaskDefaults(defaults: TaskPolicyOptions): void {
  resolve({ path: 'tasks.' }, defaults);
}

function resolve(place: OptionPlace, given: TaskPolicyOptions): TaskPolicies {
  const values = resolveOptions(place, given, VALUES);
  requireLaterGiveUp(place, values);
  const misfire = bounded<Bounded<MisfirePolicy>>(place, 'misfire', given.misfire, MISFIRE);
  const recovery = bounded<Retakes>(place, 'recovery', given.recovery, RECOVERY);
  const retry = retryPolicy(place, given.retry);
  if (values.overlap === 'allow' && recovery?.policy === 'retake') {
    throw badOption(
      place,
      'recovery',
      'retake',
      "'lose' beside overlap 'allow': runs that may stand side by side hold no lock that would tell a dead one from one that goes on",
    );
  }
  const { overlap, ...limits } = values;
  // In this order: definitions of two builds are compared by a hash of their text, and would differ by the order alone.
  return Object.freeze({
    overlap,
    misfire: misfire?.policy ?? DEFAULT_POLICIES.misfire,
    misfireWithinMs: misfire?.withinMs ?? DEFAULT_POLICIES.misfireWithinMs,
    recovery: recovery?.policy ?? DEFAULT_POLICIES.recovery,
    recoveryWithinMs: recovery?.withinMs ?? DEFAULT_POLICIES.recoveryWithinMs,
    mostRetakes: recovery?.retakes ?? DEFAULT_POLICIES.mostRetakes,
    ...(retry === undefined ? {} : { retry }),
    ...limits,
  });
}

function requireLaterGiveUp(
  place: OptionPlace,
  { giveUpAfterMs, timeoutMs }: Pick<TaskPolicies, 'giveUpAfterMs' | 'timeoutMs'>,
): void {
  if (giveUpAfterMs === undefined || timeoutMs === undefined || giveUpAfterMs > timeoutMs) return;
  throw contradiction(
    place,
    `giveUpAfterMs must exceed timeoutMs, or a run is given up before it is told to end: ${giveUpAfterMs} <= ${timeoutMs}. ` +
      'Raise giveUpAfterMs or lower timeoutMs.',
    giveUpAfterMs,
  );
}

interface Bounded<Policy> {
  readonly policy: Policy;
  readonly withinMs?: number;
}

interface Retakes extends Bounded<RecoveryPolicy> {
  readonly retakes?: number;
}

/** A policy by its name, or with its bounds beside it. */
function bounded<Form extends { readonly policy: string }>(
  place: OptionPlace,
  option: string,
  given: Form['policy'] | Form | undefined,
  spec: OptionSpec<Form>,
): Form | undefined {
  if (given === undefined) return undefined;
  if (typeof given === 'object' && given !== null) return readGroup<Form>(place, option, given, spec);
  requireOption(place, option, given, spec.policy);
  return { policy: given } as Form;
}

function retryPolicy(place: OptionPlace, given: number | RetryOptions | undefined): RetryPolicy | undefined {
  if (given === undefined) return undefined;
  if (typeof given !== 'object' || given === null) {
    requireOption(place, 'retry', given, whole(1, MAX_ATTEMPTS, 'attempts'));
    return given === 1 ? undefined : Object.freeze({ ...DEFAULT_RETRY, attempts: given });
  }
  const policy = readGroup(place, 'retry', given, RETRY);
  requireRetryRelations(place, policy);
  return policy;
}

function requireRetryRelations(place: OptionPlace, { baseMs, capMs, deadlineMs }: RetryPolicy): void {
  const refuse = (what: string, way: string): DistributedScheduleError =>
    contradiction(place, `retry.baseMs must not exceed retry.${what}. Lower baseMs or raise ${way}.`, baseMs);
  if (baseMs > capMs) throw refuse(`capMs, the longest delay: ${baseMs} > ${capMs}`, 'capMs');
  if (baseMs > deadlineMs)
    throw refuse(`deadlineMs, or no second run ever starts: ${baseMs} > ${deadlineMs}`, 'deadlineMs');
}

function contradiction({ task }: OptionPlace, message: string, value: unknown): DistributedScheduleError {
  const of = task === undefined ? {} : { task };
  return new DistributedScheduleError('DSCHED_DURATIONS', message, { value, ...of });
}

function withoutUndefined(given: TaskPolicyOptions): TaskPolicyOptions {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
}
