/** An instance that connects while somebody's slow script keeps the servers busy, beside one that has connected before. */

import { afterEach, describe, expect, it } from 'vitest';
import { BUSY_AT_ONCE, makeBusy } from '../../support/busy-server.js';
import { newNamespace, until } from '../../support/redis-instances.js';
import { type RedisServer, startRedis } from '../../support/redis-server.js';
import { startTaskApp, type TaskApp } from '../../support/task-app.js';
import { doubled } from '../../support/tasks.js';

const TICKS = 10;
const apps: TaskApp[] = [];
const servers: RedisServer[] = [];

afterEach(async () => {
  await Promise.all(apps.splice(0).map((app) => app.close()));
  await Promise.all(servers.splice(0).map((server) => server.stop()));
});

describe('an instance that connects while the servers are busy', () => {
  it.each([1, 3])('runs no tick again, on %i nodes', { timeout: 60_000 }, async (count) => {
    for (let node = 0; node < count; node += 1) servers.push(await startRedis({ args: BUSY_AT_ONCE }));
    const options = { redis: servers.map(({ url }) => `${url}/2`), namespace: newNamespace() };
    const ran = { early: [] as number[], late: [] as number[] };
    apps.push(await startTaskApp(options, ({ tick }) => ran.early.push(tick)));
    await until(() => ran.early.length > 0, 'the first instance runs');
    const ends = await Promise.all(servers.map(makeBusy));
    apps.push(await startTaskApp(options, ({ tick }) => ran.late.push(tick)));
    await Promise.all(ends.map((end) => end()));
    await until(() => ran.early.length + ran.late.length > TICKS, 'ten ticks have run');
    // Were it in another database, it would run them all: that it takes over shows that it is in this one.
    await apps.shift()?.close();
    const before = ran.late.length;
    await until(() => ran.late.length > before + 1, 'the second instance runs');
    expect(doubled([...ran.early, ...ran.late])).toEqual([]);
  });
});
