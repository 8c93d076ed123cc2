import { requireToken } from '../once/fence.js';
import { DistributedScheduleError } from '../protocol/contract/errors.js';
import { requireKnownOptions } from '../protocol/options/option-names.js';
import { methods, requireOption } from '../protocol/options/option-spec.js';
import { harmlessValue, shownValue } from '../protocol/options/shown-value.js';
import { allowed } from '../tasks/task-policy-options.js';

/** Options of `runOnce` and `tryRunOnce`. */
export interface RunOnceOptions {
  /** Tells several effects under one key apart: the parts of one tick's work are jobs of their own. */
  readonly part?: string;
  /** What the effect works on. Kept with the snapshot; the same key with another input is an error. */
  readonly input?: unknown;
  /** Orders the attempts at one job. Default: the token of the current tick, where the key is that tick's. */
  readonly fencingToken?: number;
  /** Ends waiting for the store, and a transaction under way. Default: the signal of the current tick. */
  readonly signal?: AbortSignal;
}

const OPTION_NAMES = allowed<RunOnceOptions>('part', 'input', 'fencingToken', 'signal');
const SIGNAL = { ...methods('throwIfAborted'), takes: 'an AbortSignal' };
const MAX_KEY_CHARS = 512;
const LONE_SURROGATE = /\p{Surrogate}/u;

/** @throws DistributedScheduleError DSCHED_UNKNOWN_OPTION, DSCHED_BAD_OPTION. With a misspelt `part` two effects were one job */
export function requireRunOnce(effect: unknown, options: RunOnceOptions): void {
  if (typeof effect !== 'function') {
    throw new DistributedScheduleError(
      'DSCHED_BAD_OPTION',
      `the effect of runOnce is ${shownValue(effect)}; it takes a function`,
      { value: harmlessValue(effect) },
    );
  }
  requireKnownOptions('runOnce', options, OPTION_NAMES);
  const { fencingToken, signal } = options as { fencingToken?: unknown; signal?: unknown };
  if (fencingToken !== undefined) requireToken(fencingToken, 'fencingToken');
  if (signal !== undefined) requireOption({ of: 'runOnce' }, 'signal', signal, SIGNAL);
}

/** @throws DistributedScheduleError DSCHED_BAD_KEY */
export function requireKey(what: string, key: unknown): asserts key is string {
  if (typeof key === 'string' && key !== '' && key.length <= MAX_KEY_CHARS) {
    if (!LONE_SURROGATE.test(key)) return;
    throw new DistributedScheduleError(
      'DSCHED_BAD_KEY',
      `the ${what} of runOnce has half of a surrogate pair in it, as a text has that was cut in the middle of a character: in UTF-8 ` +
        'all such keys are one. Cut it elsewhere',
      { value: `${key.length} characters` },
    );
  }
  const given = typeof key === 'string' ? `${key.length} characters` : typeof key;
  throw new DistributedScheduleError(
    'DSCHED_BAD_KEY',
    `the ${what} of runOnce is a text of 1 to ${MAX_KEY_CHARS} characters; it was given ${given}`,
    { value: given },
  );
}
