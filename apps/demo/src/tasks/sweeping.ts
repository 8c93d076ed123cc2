import { Inject, Injectable } from '@nestjs/common';
import { EverySecondExclusive, type TickContext } from 'nestjs-distributed-schedule';
import { LastSweep } from '../last-sweep.js';
import { RunRecord } from '../run-record.js';

@Injectable()
export class Sweeping {
  constructor(
    @Inject(RunRecord) private readonly record: RunRecord,
    @Inject(LastSweep) private readonly last: LastSweep,
  ) {}

  @EverySecondExclusive({ name: 'sweep' })
  async sweep(tick: TickContext): Promise<void> {
    await this.record.work(tick);
    await this.last.write(tick);
  }
}
