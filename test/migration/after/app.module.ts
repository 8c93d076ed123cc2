import { Module } from '@nestjs/common';
import { DistributedScheduleModule } from 'nestjs-distributed-schedule';
import { Journal } from '../journal.js';
import { Reports } from './reports.js';
import { Upkeep } from './upkeep.js';

@Module({
  imports: [
    DistributedScheduleModule.forRoot({
      redis: process.env.REDIS_URL,
      namespace: 'shop',
      deploymentKey: 'v1',
    }),
  ],
  providers: [Journal, Reports, Upkeep],
})
export class AppModule {}
