/** What a person is told of a Redis that refuses the database: in the log, in the store's status and in readiness. */

import { DistributedScheduleModule, DistributedScheduleRegistry } from 'nestjs-distributed-schedule';
import {
  DistributedScheduleHealthIndicator,
  DistributedScheduleHealthModule,
} from 'nestjs-distributed-schedule/terminus';
import { expect, it } from 'vitest';
import { ownRedis } from '../../support/shared-servers.js';
import { EventLog } from '../../unit/nest/event-log.js';
import { bootWith } from '../../unit/nest/nest-app.js';

it('a refused database is told once, with what to do and no address, and ends when it is there', async () => {
  const server = await ownRedis();
  const admin = server.client();
  await admin.acl('SETUSER', 'shop', 'on', '>geheim', '~*', '&*', '+@all', '-select');
  const events = new EventLog();
  const redis = `redis://shop:geheim@127.0.0.1:${server.port}/2`;
  const { app, logs } = await bootWith({
    imports: [
      DistributedScheduleModule.forRoot({ redis, namespace: 'shop', app: 'shop', observers: [events] }),
      DistributedScheduleHealthModule,
    ],
  });
  const nodes = () => app.get(DistributedScheduleRegistry).store().nodes;
  const readiness = () => app.get(DistributedScheduleHealthIndicator).isReady('schedule').schedule;
  await expect.poll(() => nodes()[0]?.problem).toBe('DSCHED_DATABASE_REFUSED');
  expect(nodes()[0]).toMatchObject({ label: 'node 1', answering: false });
  await expect.poll(() => JSON.stringify(readiness())).toContain('no quorum');
  expect(JSON.stringify(readiness())).toContain(
    'node 1 gives no vote: DSCHED_DATABASE_REFUSED: it refuses database 2 (NOPERM)',
  );
  const told = (): readonly unknown[] =>
    logs.lines.filter((line) => JSON.stringify(line).includes('DSCHED_DATABASE_REFUSED'));
  // It may still be reached in the first second.
  await expect.poll(told).toHaveLength(1);
  expect(JSON.stringify(told())).toContain('it refuses database 2 (NOPERM): give the user the right +select');
  expect(JSON.stringify([logs.lines, events.events, readiness()])).not.toMatch(/geheim|127\.0\.0\.1/);
  await admin.acl('SETUSER', 'shop', '+select');
  await expect.poll(() => nodes()[0]).toMatchObject({ answering: true });
  expect(nodes()[0]).not.toHaveProperty('problem');
  await expect.poll(() => readiness()?.status).toBe('up');
});
