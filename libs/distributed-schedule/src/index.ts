/** The only door of the library, beside its subpaths `/postgres`, `/terminus` and `/testing`. */

export type { RunRecord, RuntimeTaskOptions } from './control/control-records.js';
export type { TaskState } from './control/planned-task.js';
export type { RuntimeTask } from './control/runtime-task.js';
export type { TriggeredTick, TriggerOptions } from './control/task-trigger.js';
export { memorySnapshots } from './memory/memory-snapshot-store.js';
export type { HandlerErrorHook, HandlerFailure } from './messages/handler-failure.js';
export type { StoreNodeStatus, StoreStatus, StoreStrength } from './messages/store-status.js';
export { CronExclusive } from './nest/decorators/cron-exclusive.decorator.js';
export { EverySecondExclusive } from './nest/decorators/every-second-exclusive.decorator.js';
export { Exclusive } from './nest/decorators/exclusive.decorator.js';
export {
  ExclusiveHandler,
  type ExclusiveHandlerOptions,
} from './nest/decorators/exclusive-handler.decorator.js';
export type { ExclusiveMethodDecorator } from './nest/decorators/exclusive-method.decorator.js';
export { IntervalExclusive } from './nest/decorators/interval-exclusive.decorator.js';
export type { ScheduleFactory } from './nest/decorators/schedule-factory.js';
export { TimeoutExclusive } from './nest/decorators/timeout-exclusive.decorator.js';
export {
  type DistributedScheduleAsyncOptions,
  DistributedScheduleModule,
  type DistributedScheduleOptionsFactory,
} from './nest/distributed-schedule.module.js';
export { DistributedScheduleRegistry, type RegisteredTask } from './nest/distributed-schedule.registry.js';
export { LeaseRenewalService, type LeaseStatus, type TrustChange } from './nest/lease-renewal.service.js';
export {
  type IdempotentExecutionAsyncOptions,
  IdempotentExecutionModule,
} from './nest/once/idempotent-execution.module.js';
export { IdempotentExecutor, type OnceDone } from './nest/once/idempotent-executor.js';
export type { FenceRepeat, FenceVerdict } from './once/fence.js';
export type { OnceResult } from './once/once-result.js';
export type { Effect } from './once/run-once.js';
export type {
  BeginVerdict,
  EndVerdict,
  ForgetReply,
  IdentityReply,
  JobStart,
  KeptValue,
  OpenAttempt,
  Snapshot,
  SnapshotCache,
  SnapshotCacheSource,
  SnapshotParts,
  SnapshotReply,
  SnapshotSource,
  SnapshotStatus,
  SnapshotStore,
} from './once/snapshot-store.js';
export type { StorePatience } from './once/store-patience.js';
export {
  AUDIT_CAUSES,
  type AuditCause,
  type AuditCounts,
  type AuditFinding,
} from './protocol/contract/audit-finding.js';
export {
  DistributedScheduleError,
  ERROR_CODES,
  type ErrorCode,
  LeaseLostError,
} from './protocol/contract/errors.js';
export type { ControlCondition, ScheduleEvent, ScheduleObserver } from './protocol/contract/observer.js';
export { OUTCOMES, type Outcome, type TickReport } from './protocol/contract/outcome.js';
export type {
  BeatVerdict,
  Claim,
  ClaimVerdict,
  Clock,
  ExtendVerdict,
  HeldLock,
  LockProvider,
  LockVerdict,
  Membership,
  PeekVerdict,
  TickLedger,
  TickRef,
} from './protocol/contract/ports.js';
export type { RunInFlight, RunState } from './protocol/contract/run-in-flight.js';
export type { StandbyTicks } from './protocol/contract/standby-set.js';
export type { TaskStatus, TickContext } from './protocol/contract/tick-context.js';
export type { SchedulerState, SchedulerStatus } from './protocol/scheduler/scheduler-parts.js';
export type { RedisClient, RedisInput } from './redis/connection/redis-input.js';
export { type FencedSet, fencedSet, type ScriptClient } from './redis/once/fenced-set.js';
export {
  type RedisSnapshotCacheOptions,
  type RedisSnapshotOptions,
  redisSnapshotCache,
  redisSnapshots,
} from './redis/once/redis-snapshots.js';
export type { DistributedScheduleOptions } from './setup/distributed-schedule-options.js';
export type { IdempotentExecutionOptions } from './setup/idempotent-execution-options.js';
export { type RaisedEpoch, type RaiseEpochOptions, raiseEpoch } from './setup/raise-epoch.js';
export type { RunOnceOptions } from './setup/run-once-options.js';
export { currentTick, tryCurrentTick } from './system/current-tick.js';
export { CronExpression } from './tasks/cron-expression.js';
export type {
  CronExclusiveOptions,
  DstOptions,
  DstPolicy,
  ExclusiveOptions,
  ExclusiveTaskOptions,
  TimeoutExclusiveOptions,
} from './tasks/exclusive-task-options.js';
export type { ScheduleData } from './tasks/schedule-data.js';
export type { RetryOptions, TaskPolicyOptions } from './tasks/task-policy-options.js';
