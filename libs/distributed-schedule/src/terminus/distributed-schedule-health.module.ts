import { Module } from '@nestjs/common';
import { TerminusModule } from '@nestjs/terminus';
import { DistributedScheduleHealthIndicator } from './distributed-schedule.health.js';

/** Provides {@link DistributedScheduleHealthIndicator}, with what it needs of `@nestjs/terminus`. */
@Module({
  imports: [TerminusModule],
  providers: [DistributedScheduleHealthIndicator],
  exports: [DistributedScheduleHealthIndicator],
})
export class DistributedScheduleHealthModule {}
