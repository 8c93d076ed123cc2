import { Controller, Get, Inject } from '@nestjs/common';
import { HealthCheck, type HealthCheckResult, HealthCheckService } from '@nestjs/terminus';
import { DistributedScheduleHealthIndicator } from 'nestjs-distributed-schedule/terminus';

@Controller('health')
export class HealthController {
  constructor(
    @Inject(HealthCheckService) private readonly health: HealthCheckService,
    @Inject(DistributedScheduleHealthIndicator) private readonly schedule: DistributedScheduleHealthIndicator,
  ) {}

  /** Whether to restart this process. Says nothing about Redis: a restart would not mend it. */
  @Get('live')
  @HealthCheck()
  live(): Promise<HealthCheckResult> {
    return this.health.check([() => this.schedule.isLive('schedule')]);
  }

  /** Whether this replica has reached a majority once: a rollout stops at the first one that never does. */
  @Get('started')
  @HealthCheck()
  started(): Promise<HealthCheckResult> {
    return this.health.check([() => this.schedule.isStarted('schedule')]);
  }

  @Get('ready')
  @HealthCheck()
  ready(): Promise<HealthCheckResult> {
    return this.health.check([() => this.schedule.isReady('schedule')]);
  }
}
