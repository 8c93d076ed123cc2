/** An app as a user has it, with a cluster that no test may reach: nobody listens there. */

import { createServer, type Server } from 'node:net';
import { Injectable, Module } from '@nestjs/common';
import {
  CronExclusive,
  currentTick,
  DistributedScheduleModule,
  type DistributedScheduleOptions,
  EverySecondExclusive,
  type TickContext,
} from 'nestjs-distributed-schedule';

@Injectable()
export class Shop {
  readonly settled: TickContext[] = [];
  reports = 0;
  settle: (tick: TickContext) => unknown = () => undefined;

  @EverySecondExclusive({ name: 'settle' })
  async onSecond(tick: TickContext): Promise<void> {
    this.settled.push(currentTick());
    await this.settle(tick);
  }

  @CronExclusive('0 3 * * *', { name: 'report', timeZone: 'UTC' })
  onNight(): void {
    this.reports += 1;
  }
}

/** A fresh class for each call, as each test has options of its own. */
export function appModule(options: DistributedScheduleOptions): new () => object {
  @Module({ imports: [DistributedScheduleModule.forRoot(options)], providers: [Shop] })
  class AppModule {}
  return AppModule;
}

/** Something that listens where the cluster would be, and counts who comes. */
export async function forbiddenCluster(): Promise<{
  readonly options: DistributedScheduleOptions;
  readonly visits: () => number;
  readonly close: () => Promise<void>;
}> {
  let visits = 0;
  const server: Server = createServer((socket) => {
    visits += 1;
    socket.destroy();
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    options: { redis: `redis://127.0.0.1:${port}`, namespace: 'shop-production', app: 'shop' },
    visits: () => visits,
    close: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}
