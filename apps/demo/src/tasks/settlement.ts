import { Inject, Injectable } from '@nestjs/common';
import { EverySecondExclusive, type TickContext } from 'nestjs-distributed-schedule';
import { RunRecord } from '../run-record.js';

@Injectable()
export class Settlement {
  constructor(@Inject(RunRecord) private readonly record: RunRecord) {}

  @EverySecondExclusive({ name: 'settle' })
  settle(tick: TickContext): Promise<void> {
    return this.record.work(tick);
  }
}
