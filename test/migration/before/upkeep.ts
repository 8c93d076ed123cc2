import { Inject, Injectable } from '@nestjs/common';
import { Cron, Interval, Timeout } from '@nestjs/schedule';
import { Journal } from '../journal.js';

@Injectable()
export class Upkeep {
  constructor(@Inject(Journal) private readonly journal: Journal) {}

  @Cron('*/2 * * * * *', { name: 'poll', waitForCompletion: true })
  async poll(): Promise<void> {
    this.journal.write('poll');
  }

  @Interval(1_000)
  renew(): void {
    this.journal.write('renew');
  }

  @Interval('sweep', 3_000)
  sweep(): void {
    this.journal.write('sweep');
  }

  @Timeout(1_500)
  migrate(): void {
    this.journal.write('migrate');
  }

  @Timeout('warm up', 2_500)
  warmUp(): void {
    this.journal.write('warm up');
  }
}
