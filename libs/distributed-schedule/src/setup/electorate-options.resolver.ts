import { DistributedScheduleError } from '../protocol/contract/errors.js';
import { harmlessValue, shownValue } from '../protocol/options/shown-value.js';
import type { DistributedScheduleOptions } from './distributed-schedule-options.js';

/** What a person decides about the identity of the nodes. */
export interface ElectorateOptions {
  readonly identityWaitMs: number;
  readonly takeOver: string | undefined;
}

const DEFAULT_IDENTITY_WAIT_MS = 30_000;

/** Shorter, and a rolling restart of the masters would be taken for one that never ends. */
const SHORTEST_IDENTITY_WAIT_MS = 3_000;

const NAME_OF_SET = /^[0-9a-f]{8}$/;

/** @throws DistributedScheduleError DSCHED_BAD_OPTION */
export function resolveElectorateOptions({
  identityWaitMs = DEFAULT_IDENTITY_WAIT_MS,
  takeOver,
}: DistributedScheduleOptions): ElectorateOptions {
  const isWait =
    identityWaitMs === Number.POSITIVE_INFINITY ||
    (Number.isSafeInteger(identityWaitMs) && identityWaitMs >= SHORTEST_IDENTITY_WAIT_MS);
  if (!isWait) {
    const expected = `a whole number of milliseconds from ${SHORTEST_IDENTITY_WAIT_MS}, or Infinity`;
    throw badOption('identityWaitMs', identityWaitMs, expected);
  }
  if (takeOver !== undefined && (typeof takeOver !== 'string' || !NAME_OF_SET.test(takeOver))) {
    throw badOption('takeOver', takeOver, 'the 8 hex digits by which a message has named a set of nodes');
  }
  return { identityWaitMs, takeOver };
}

function badOption(option: string, value: unknown, expected: string): DistributedScheduleError {
  return new DistributedScheduleError(
    'DSCHED_BAD_OPTION',
    `option ${option} is ${shownValue(value)}; it takes ${expected}`,
    { value: harmlessValue(value) },
  );
}
