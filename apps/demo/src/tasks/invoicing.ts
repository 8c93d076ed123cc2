import { Inject, Injectable } from '@nestjs/common';
import { EverySecondExclusive, type TickContext } from 'nestjs-distributed-schedule';
import { RunRecord } from '../run-record.js';

@Injectable()
export class Invoicing {
  constructor(@Inject(RunRecord) private readonly record: RunRecord) {}

  @EverySecondExclusive({ name: 'invoice' })
  invoice(tick: TickContext): Promise<void> {
    return this.record.work(tick);
  }
}
