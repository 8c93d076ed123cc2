/** Injection tokens inside the module. Fixed, so that two loaded copies of the library mean the same. */

import type { InjectionToken } from '@nestjs/common';

const token = (name: string): symbol & InjectionToken => Symbol.for(`nestjs-distributed-schedule:${name}`);

/** What `forRoot` or the factory of `forRootAsync` gave, unchecked. */
export const GIVEN_OPTIONS = token('given-options');
export const MODULE_OPTIONS = token('module-options');
export const STORE_SWITCH = token('store-switch');
/** The {@link TestStage}. Provided by the test kit only. */
export const TEST_STAGE = token('test-stage');
export const CLOCK = token('clock');
export const RANDOM = token('random');
/** What replaces the run locks of the backend, or undefined. */
export const LOCK_PROVIDER = token('lock-provider');
/** What replaces the ledger of the backend, or undefined. */
export const TICK_LEDGER = token('tick-ledger');
export const SCHEDULER_HOST = token('scheduler-host');
export const SCHEDULER = token('scheduler');
/** What `IdempotentExecutionModule.forRoot` or its factory gave, unchecked. */
export const EXECUTION_OPTIONS = token('execution-options');
/** Stands in the module that `forRoot` makes, and not in the class as it stands. */
export const FROM_FOR_ROOT = token('from-for-root');
