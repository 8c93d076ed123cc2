import { Inject, Injectable, type Type } from '@nestjs/common';
import { EverySecondExclusive, type TickContext } from 'nestjs-distributed-schedule';
import { LastSweep } from './last-sweep.js';
import { RunRecord } from './run-record.js';
import type { TaskName } from './settings.js';

@Injectable()
class Settlement {
  constructor(@Inject(RunRecord) private readonly record: RunRecord) {}

  @EverySecondExclusive({ name: 'settle' })
  settle(tick: TickContext): Promise<void> {
    return this.record.work(tick);
  }
}

@Injectable()
class Invoicing {
  constructor(@Inject(RunRecord) private readonly record: RunRecord) {}

  @EverySecondExclusive({ name: 'invoice' })
  invoice(tick: TickContext): Promise<void> {
    return this.record.work(tick);
  }
}

@Injectable()
class Sweeping {
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

export const TASKS: Record<TaskName, Type> = { settle: Settlement, invoice: Invoicing, sweep: Sweeping };
