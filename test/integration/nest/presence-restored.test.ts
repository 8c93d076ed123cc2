import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  DistributedScheduleModule,
  DistributedScheduleRegistry,
  EverySecondExclusive,
  LeaseRenewalService,
} from 'nestjs-distributed-schedule';
import { expect, it, onTestFinished } from 'vitest';
import { endQuarantine, until } from '../../support/redis-instances.js';
import { ownRedis } from '../../support/shared-servers.js';

/** Renewed at a third of it, which is longer than this test: a renewal within it has another cause. */
const TTL_MS = 60_000;

@Injectable()
class Settlement {
  hasStarted = false;
  finish: () => void = () => undefined;
  private readonly finished = new Promise<void>((resolve) => {
    this.finish = resolve;
  });

  @EverySecondExclusive({ name: 'settle' })
  async settle(): Promise<void> {
    this.hasStarted = true;
    await this.finished;
  }
}

it('an instance that a node sees again renews the leases of its runs at once', async () => {
  const server = await ownRedis();
  const schedule = DistributedScheduleModule.forRoot({
    redis: server.url,
    namespace: 'presence',
    app: 'settlement',
    lease: { ttlMs: TTL_MS },
  });
  const testing = await Test.createTestingModule({ imports: [schedule], providers: [Settlement] }).compile();
  const app = testing.createNestApplication({ logger: false });
  onTestFinished(() => app.close());
  await app.init();
  const settlement = app.get(Settlement);
  onTestFinished(() => settlement.finish());
  // A new store would grant no lock for one time to live. Only once it has been asked, so that nothing raises it again.
  await until(() => app.get(DistributedScheduleRegistry).status().quorum, 'the first beat is answered');
  await endQuarantine(server, 'presence');
  await until(() => settlement.hasStarted, 'a run is in flight');
  let renewals = 0;
  app.get(LeaseRenewalService).onTrustChange(({ type }) => {
    renewals += type === 'renewed' ? 1 : 0;
  });
  await server.client().call('CLIENT', 'KILL', 'TYPE', 'pubsub');
  await until(() => renewals > 0, 'the lease is renewed');
  expect(app.get(LeaseRenewalService).list()[0]?.remainingMs).toBeGreaterThan(0);
});
