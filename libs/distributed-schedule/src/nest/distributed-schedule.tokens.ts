/** Injection tokens inside the module. Fixed, so that two loaded copies of the library mean the same. */

/** What `forRoot` or the factory of `forRootAsync` gave, unchecked. */
export const GIVEN_OPTIONS = Symbol.for('nestjs-distributed-schedule:given-options');
/** The resolved {@link ModuleOptions}. */
export const MODULE_OPTIONS = Symbol.for('nestjs-distributed-schedule:module-options');
export const CLOCK = Symbol.for('nestjs-distributed-schedule:clock');
/** The {@link ScheduleBackend} with the scheduler on top of it. */
export const SCHEDULER_HOST = Symbol.for('nestjs-distributed-schedule:scheduler-host');
export const SCHEDULER = Symbol.for('nestjs-distributed-schedule:scheduler');
/** What `IdempotentExecutionModule.forRoot` or its factory gave, unchecked. */
export const EXECUTION_OPTIONS = Symbol.for('nestjs-distributed-schedule:execution-options');
