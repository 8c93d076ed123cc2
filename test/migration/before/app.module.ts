import { Module } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { Journal } from '../journal.js';
import { Reports } from './reports.js';
import { Upkeep } from './upkeep.js';

@Module({
  imports: [ScheduleModule.forRoot()],
  providers: [Journal, Reports, Upkeep],
})
export class AppModule {}
