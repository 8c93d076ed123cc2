/** Health checks for `@nestjs/terminus`, which is needed for this entry only. */

export {
  DistributedScheduleHealthIndicator,
  DistributedScheduleHealthModule,
  type StartOptions,
} from './distributed-schedule.health.js';
export type { ReadinessDetails } from './readiness.js';
export type { StartDetails } from './start-gate.js';
