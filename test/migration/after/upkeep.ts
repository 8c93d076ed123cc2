import { Inject, Injectable } from '@nestjs/common';
import { CronExclusive, IntervalExclusive, TimeoutExclusive } from 'nestjs-distributed-schedule';
import { Journal } from '../journal.js';

@Injectable()
export class Upkeep {
  constructor(@Inject(Journal) private readonly journal: Journal) {}

  @CronExclusive('*/2 * * * * *', { name: 'poll', waitForCompletion: true })
  async poll(): Promise<void> {
    this.journal.write('poll');
  }

  @IntervalExclusive(1_000)
  renew(): void {
    this.journal.write('renew');
  }

  @IntervalExclusive('sweep', 3_000)
  sweep(): void {
    this.journal.write('sweep');
  }

  @TimeoutExclusive(1_500)
  migrate(): void {
    this.journal.write('migrate');
  }

  @TimeoutExclusive('warm up', 2_500)
  warmUp(): void {
    this.journal.write('warm up');
  }
}
