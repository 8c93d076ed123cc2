/** The only door of the library, beside its subpaths `/postgres`, `/terminus` and `/testing`. */

export { memorySnapshots } from './memory/memory-snapshots.js';
export type { RunRecord, RuntimeTaskOptions } from './nest/control-records.js';
export { CronExclusive } from './nest/cron-exclusive.decorator.js';
export { CronExpression } from './nest/cron-expression.js';
export { currentTick, tryCurrentTick } from './nest/current-tick.js';
export { DistributedScheduleModule } from './nest/distributed-schedule.module.js';
export {
  DistributedScheduleRegistry,
  type RegisteredTask,
  type StoreStatus,
} from './nest/distributed-schedule.registry.js';
export type {
  DistributedScheduleAsyncOptions,
  DistributedScheduleOptions,
  DistributedScheduleOptionsFactory,
} from './nest/distributed-schedule-options.js';
export { EverySecondExclusive } from './nest/every-second-exclusive.decorator.js';
export { Exclusive } from './nest/exclusive.decorator.js';
export { ExclusiveHandler, type ExclusiveHandlerOptions } from './nest/exclusive-handler.decorator.js';
export type { ExclusiveMethodDecorator } from './nest/exclusive-method.decorator.js';
export type {
  CronExclusiveOptions,
  DstOptions,
  DstPolicy,
  ExclusiveOptions,
  ExclusiveTaskOptions,
  TimeoutExclusiveOptions,
} from './nest/exclusive-task-options.js';
export type { HandlerErrorHook, HandlerFailure } from './nest/handler-failure.js';
export {
  type IdempotentExecutionAsyncOptions,
  IdempotentExecutionModule,
} from './nest/idempotent-execution.module.js';
export type { IdempotentExecutionOptions } from './nest/idempotent-execution-options.js';
export { IdempotentExecutor, type OnceDone } from './nest/idempotent-executor.js';
export { IntervalExclusive } from './nest/interval-exclusive.decorator.js';
export { LeaseRenewalService, type LeaseStatus, type TrustChange } from './nest/lease-renewal.service.js';
export type { TaskState } from './nest/planned-task.js';
export { type RaisedEpoch, type RaiseEpochOptions, raiseEpoch } from './nest/raise-epoch.js';
export type { RunOnceOptions } from './nest/run-once-options.js';
export type { RuntimeTask } from './nest/runtime-task.js';
export type { StoreNodeStatus, StoreStrength } from './nest/schedule-backend.js';
export type { ScheduleData } from './nest/schedule-data.js';
export type { ScheduleFactory } from './nest/schedule-factory.js';
export type { RetryOptions, TaskPolicyOptions } from './nest/task-policy-options.js';
export type { TriggeredTick, TriggerOptions } from './nest/task-trigger.js';
export { TimeoutExclusive } from './nest/timeout-exclusive.decorator.js';
export {
  AUDIT_CAUSES,
  type AuditCause,
  type AuditCounts,
  type AuditFinding,
} from './protocol/audit/audit-finding.js';
export { DistributedScheduleError, ERROR_CODES, type ErrorCode, LeaseLostError } from './protocol/errors.js';
export type { ControlCondition, ScheduleEvent, ScheduleObserver } from './protocol/observer.js';
export { OUTCOMES, type Outcome, type TickReport } from './protocol/outcome.js';
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
} from './protocol/ports.js';
export type { RunInFlight, RunState } from './protocol/run-in-flight.js';
export type { SchedulerState, SchedulerStatus } from './protocol/scheduler-parts.js';
export type { FenceRepeat, FenceVerdict } from './protocol/snapshot/fence.js';
export type { OnceResult } from './protocol/snapshot/once-result.js';
export type { Effect } from './protocol/snapshot/run-once.js';
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
} from './protocol/snapshot/snapshot-store.js';
export type { StorePatience } from './protocol/snapshot/store-patience.js';
export type { TaskStatus, TickContext } from './protocol/tick-context.js';
export { type FencedSet, fencedSet, type ScriptClient } from './redis/fenced-set.js';
export type { RedisClient, RedisInput } from './redis/redis-input.js';
export {
  type RedisSnapshotCacheOptions,
  type RedisSnapshotOptions,
  redisSnapshotCache,
  redisSnapshots,
} from './redis/redis-snapshots.js';
