/** Health checks for `@nestjs/terminus`, which is needed for this entry only. */

export { DistributedScheduleHealthIndicator, type StartOptions } from './distributed-schedule.health.js';
export { DistributedScheduleHealthModule } from './distributed-schedule-health.module.js';
export type { ReadinessDetails } from './readiness.js';
export type { StartDetails } from './start-gate.js';
