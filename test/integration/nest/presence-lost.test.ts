import type { TickContext } from 'nestjs-distributed-schedule';
import { expect, it, onTestFinished } from 'vitest';
import { ProxyHost } from '../../support/faults/tcp-proxy.js';
import { endQuarantine, until } from '../../support/redis-instances.js';
import { ownRedis, ownRedises } from '../../support/shared-servers.js';
import { startTaskApp } from '../../support/task-app.js';

const NAMESPACE = 'cut-off';

/** What a run that outlives its connections knows when the next run of its task starts somewhere else. */
interface Succession {
  readonly wasAborted: boolean;
  readonly remainingMs: number;
}

// It has 100 ms for that, which a machine that does other things as well may not give it.
it('a run outlives a reset of all connections when the servers accept new ones at once', {
  retry: 2,
}, async () => {
  const servers = await ownRedises(3);
  let held: TickContext | undefined;
  let finish = (): void => undefined;
  const finished = new Promise<void>((resolve) => {
    finish = resolve;
  });
  const options = { namespace: NAMESPACE, lease: { ttlMs: 60_000 }, redis: servers.map(({ url }) => url) };
  const app = await startTaskApp(options, (tick) => {
    held = tick;
    return finished;
  });
  onTestFinished(() => {
    finish();
    return app.close();
  });
  for (const server of servers) {
    await until(() => server.client().exists(`{${NAMESPACE}}:ledger`).then(Boolean), 'the node is asked');
    await endQuarantine(server, NAMESPACE);
  }
  await until(() => held !== undefined, 'a run is in flight');
  const trustedUntilMs = untilMs(held);

  for (const server of servers) {
    const killer = server.client();
    await killer.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await killer.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  }
  // Renewed at a third of a minute otherwise.
  await until(() => untilMs(held) > trustedUntilMs + 10 || aborted(held), 'the lease is renewed or lost');
  expect(aborted(held)).toBe(false);
});

function untilMs(tick: TickContext | undefined): number {
  return performance.now() + (tick?.remainingMs() ?? 0);
}

function aborted(tick: TickContext | undefined): boolean {
  return tick?.signal.aborted === true;
}

it('a holder whose connections are reset and refused stops trusting its lease before its successor starts', async () => {
  const server = await ownRedis();
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
