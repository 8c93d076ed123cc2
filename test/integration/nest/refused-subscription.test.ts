/** What the log, readiness and the registry say of a node that votes, and refuses the subscription by which deaths are noticed. */

import { Injectable } from '@nestjs/common';
import {
  DistributedScheduleModule,
  DistributedScheduleRegistry,
  EverySecondExclusive,
} from 'nestjs-distributed-schedule';
import {
  DistributedScheduleHealthIndicator,
  DistributedScheduleHealthModule,
} from 'nestjs-distributed-schedule/terminus';
import { expect, it } from 'vitest';
import { ownRedis } from '../../support/shared-servers.js';
import { bootWith } from '../../unit/nest/nest-app.js';

const WARNING =
  'its user may not subscribe, so the death of an instance is noticed late there: ACL SETUSER <user> +subscribe &{shop}:presence:*';

let runs = 0;

@Injectable()
class Settlement {
  @EverySecondExclusive({ name: 'settle' })
  settle(): void {
    runs += 1;
  }
}

it('a user who may not subscribe is told so once, with the line to type, while tasks run', async () => {
  const server = await ownRedis();
  await server.client().acl('SETUSER', 'mute', 'on', '>mute', '~*', '&*', '+@all', '-subscribe');
  const redis = `redis://mute:mute@127.0.0.1:${server.port}`;
  const { app, logs } = await bootWith({
    imports: [
      DistributedScheduleModule.forRoot({ redis, namespace: 'shop', app: 'shop' }),
      DistributedScheduleHealthModule,
    ],
    providers: [Settlement],
  });
  const registry = app.get(DistributedScheduleRegistry);
  await expect.poll(() => runs).toBeGreaterThan(2);
  expect(registry.store().nodes).toMatchObject([{ label: 'node 1', answering: true, warnings: [WARNING] }]);
  const readiness = await app.get(DistributedScheduleHealthIndicator).isReady('schedule');
  expect(JSON.stringify(readiness)).toContain(`node 1: ${WARNING}`);
  expect(logs.ours('warn').filter((line) => line.includes('subscribe'))).toEqual([`node 1: ${WARNING}.`]);
});
