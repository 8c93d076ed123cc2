/** Health checks for `@nestjs/terminus`, which is needed for this entry only. */

export { DistributedScheduleHealthIndicator } from './distributed-schedule.health.js';
export { DistributedScheduleHealthModule } from './distributed-schedule-health.module.js';
export type { ReadinessDetails } from './readiness.js';
