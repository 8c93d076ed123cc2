import type { TickContext } from 'nestjs-distributed-schedule';
import { expect, it, onTestFinished } from 'vitest';
import { ProxyHost } from '../../support/faults/tcp-proxy.js';
import { startRedis } from '../../support/redis-server.js';
import { startTaskApp } from '../../support/task-app.js';
import { endQuarantine, until } from '../redis/redis-fixture.js';

const NAMESPACE = 'cut-off';

/** What a run that outlives its connections knows when the next run of its task starts somewhere else. */
interface Succession {
  readonly wasAborted: boolean;
  readonly remainingMs: number;
}

it('a holder whose connections are reset and refused stops trusting its lease before its successor starts', async () => {
  const server = await startRedis();
  onTestFinished(() => server.stop());
  const proxies = ProxyHost.open();
  onTestFinished(() => proxies.close());
  const link = await proxies.link(server.url);
  const options = { namespace: NAMESPACE, lease: { ttlMs: 5_000 } };

  let held: TickContext | undefined;
  let finish = (): void => undefined;
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const holder = await startTaskApp({ ...options, redis: link.url }, (tick) => {
    held = tick;
    return finished;
  });
  onTestFinished(() => {
    finish();
    return holder.close();
  });
  await until(() => link.counters().then(({ replyBytes }) => replyBytes > 0), 'the holder talks to its node');
  await endQuarantine(server, NAMESPACE);
  await until(() => held !== undefined, 'a run is in flight');

  let succession: Succession | undefined;
  const other = await startTaskApp({ ...options, redis: server.url }, () => {
    succession ??= { wasAborted: held?.signal.aborted === true, remainingMs: held?.remainingMs() ?? -1 };
  });
  onTestFinished(() => other.close());

  await link.set({ refuse: true });
  await link.reset();
  await until(() => succession !== undefined, 'the next run has started elsewhere');
  expect(succession).toEqual({ wasAborted: true, remainingMs: 0 });
});
