/** What keeps an app away from its nodes, without a change of its code: the test kit, or a variable of the environment. */

import { DistributedScheduleError } from '../protocol/contract/errors.js';
import type { Clock, Random } from '../protocol/contract/ports.js';
import { shownValue } from '../protocol/options/shown-value.js';
import type { DistributedScheduleOptions } from './distributed-schedule-options.js';

/** What a test puts in the place of time, chance and the store. Where the test kit provides it, the app keeps away from every node. */
export interface TestStage {
  readonly clock: Clock;
  readonly random: Random;
}

/** The variable of the environment. */
export const SWITCH_NAME = 'NEST_DISTRIBUTED_SCHEDULE';

/**
 * - `memory`  the memory backend in place of all nodes: tasks run in this process alone, in real time
 * - `off`     the same, and no task runs
 */
const SWITCH_VALUES = ['memory', 'off'] as const;
type SwitchValue = (typeof SWITCH_VALUES)[number];

/** Why the app keeps away from its nodes, and whether its tasks run. */
export interface StoreSwitch {
  /** As the log names it. */
  readonly by: string;
  /** Undefined: as the options say. */
  readonly enabled: boolean | undefined;
}

/**
 * Undefined where the app goes to the nodes of its options.
 * @throws DistributedScheduleError DSCHED_BAD_OPTION for a value that is none: a typing error must not end at the real nodes
 */
export function readStoreSwitch(
  stage: TestStage | undefined,
  environment: Readonly<Record<string, string | undefined>>,
): StoreSwitch | undefined {
  const value = environment[SWITCH_NAME];
  if (value !== undefined && !isSwitchValue(value)) throw unknownValue(value);
  // Nothing is due before the test lets time pass, so an app that switches itself off in tests is switched on here.
  if (stage !== undefined) return { by: 'DistributedScheduleTestingModule', enabled: true };
  if (value === undefined) return undefined;
  return { by: `${SWITCH_NAME}=${value}`, enabled: value === 'off' ? false : undefined };
}

/**
 * The options without all that leads to a store, or only makes sense with one. Not checked before: `redis: process.env.REDIS_URL`
 * is undefined where tests run.
 */
export function withoutStore(
  given: DistributedScheduleOptions,
  { enabled }: StoreSwitch,
): DistributedScheduleOptions {
  const { redis, lockProvider, tickLedger, waitReplicas, refuseSkewMs, takeOver, ...rest } = given;
  return enabled === undefined ? rest : { ...rest, enabled };
}

function isSwitchValue(value: string): value is SwitchValue {
  return SWITCH_VALUES.some((known) => known === value);
}

function unknownValue(value: string): DistributedScheduleError {
  return new DistributedScheduleError(
    'DSCHED_BAD_OPTION',
    `the environment variable ${SWITCH_NAME} is ${shownValue(value)}; it takes memory (tasks run in this process alone) or off ` +
      '(no task runs). Remove it where the app is to reach its nodes',
    { value },
  );
}
