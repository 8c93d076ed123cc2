import { Inject, Injectable } from '@nestjs/common';
import { Cron, CronExpression } from '@nestjs/schedule';
import { Journal } from '../journal.js';

@Injectable()
export class Reports {
  constructor(@Inject(Journal) private readonly journal: Journal) {}

  @Cron('0 3 * * *', { name: 'nightly', timeZone: 'Europe/Vienna' })
  nightly(): void {
    this.journal.write('nightly');
  }

  @Cron('0 9 * * 1-5', { utcOffset: 60 })
  async morning(): Promise<void> {
    this.journal.write('morning');
  }

  @Cron('@weekly')
  weekly(): void {
    this.journal.write('weekly');
  }

  @Cron(new Date('2035-01-01T00:00:00Z'), { name: 'jubilee' })
  jubilee(): void {
    this.journal.write('jubilee');
  }

  @Cron(CronExpression.EVERY_30_MINUTES)
  digest(): void {
    this.journal.write('digest');
  }
}
