/** Injection tokens inside the module. Fixed, so that two loaded copies of the library mean the same. */

import type { InjectionToken } from '@nestjs/common';

/** What `forRoot` or the factory of `forRootAsync` gave, unchecked. */
export const GIVEN_OPTIONS = Symbol.for('nestjs-distributed-schedule:given-options') satisfies InjectionToken;
/** The resolved {@link ModuleOptions}. */
export const MODULE_OPTIONS = Symbol.for(
  'nestjs-distributed-schedule:module-options',
) satisfies InjectionToken;
/** The {@link StoreSwitch} that counts, or undefined. */
export const STORE_SWITCH = Symbol.for('nestjs-distributed-schedule:store-switch') satisfies InjectionToken;
/** The {@link TestStage}. Provided by the test kit only. */
export const TEST_STAGE = Symbol.for('nestjs-distributed-schedule:test-stage') satisfies InjectionToken;
export const CLOCK = Symbol.for('nestjs-distributed-schedule:clock') satisfies InjectionToken;
export const RANDOM = Symbol.for('nestjs-distributed-schedule:random') satisfies InjectionToken;
/** What replaces the run locks of the backend, or undefined. */
export const LOCK_PROVIDER = Symbol.for('nestjs-distributed-schedule:lock-provider') satisfies InjectionToken;
/** What replaces the ledger of the backend, or undefined. */
export const TICK_LEDGER = Symbol.for('nestjs-distributed-schedule:tick-ledger') satisfies InjectionToken;
/** The {@link ScheduleBackend} with the scheduler on top of it. */
export const SCHEDULER_HOST = Symbol.for(
  'nestjs-distributed-schedule:scheduler-host',
) satisfies InjectionToken;
export const SCHEDULER = Symbol.for('nestjs-distributed-schedule:scheduler') satisfies InjectionToken;
/** What `IdempotentExecutionModule.forRoot` or its factory gave, unchecked. */
export const EXECUTION_OPTIONS = Symbol.for(
  'nestjs-distributed-schedule:execution-options',
) satisfies InjectionToken;
/** Stands in the module that `forRoot` makes, and not in the class as it stands. */
export const FROM_FOR_ROOT = Symbol.for('nestjs-distributed-schedule:from-for-root') satisfies InjectionToken;
