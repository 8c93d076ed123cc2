/** What a test may override with `overrideProvider`, or inject. Each is undefined or absent in the app unless its text says otherwise. */

import {
  CLOCK,
  EXECUTION_OPTIONS,
  GIVEN_OPTIONS,
  TICK_LEDGER as LEDGER,
  LOCK_PROVIDER as LOCKS,
  RANDOM,
} from '../nest/distributed-schedule.tokens.js';

/** What `forRoot` or the factory of `forRootAsync` gave, before it is checked: a {@link DistributedScheduleOptions}. */
export const DISTRIBUTED_SCHEDULE_OPTIONS: symbol = GIVEN_OPTIONS;

/** What `IdempotentExecutionModule.forRoot` or its factory gave: an {@link IdempotentExecutionOptions}, such as `{ store: memorySnapshots() }`. */
export const IDEMPOTENT_EXECUTION_OPTIONS: symbol = EXECUTION_OPTIONS;

/** The {@link Clock} that the schedule goes by. */
export const SCHEDULE_CLOCK: symbol = CLOCK;

/** The {@link Random} of ids, bids and spread retries. */
export const SCHEDULE_RANDOM: symbol = RANDOM;

/** The {@link LockProvider} in the place of the backend's run locks: the option of that name, or undefined. */
export const LOCK_PROVIDER: symbol = LOCKS;

/** The {@link TickLedger} in the place of the backend's: the option of that name, or undefined. */
export const TICK_LEDGER: symbol = LEDGER;
