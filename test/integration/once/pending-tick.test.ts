/** A real app whose tick finds another attempt at its job: what the scheduler makes of that by itself. */

import { once as event } from 'node:events';
import { Inject, Injectable } from '@nestjs/common';
import {
  EverySecondExclusive,
  IdempotentExecutionModule,
  IdempotentExecutor,
} from 'nestjs-distributed-schedule';
import { postgresSnapshots } from 'nestjs-distributed-schedule/postgres';
import { describe, expect, it } from 'vitest';
import { lacksPostgres } from '../../support/lacks-postgres.js';
import { sharedPostgres } from '../../support/shared-servers.js';
import { reportsOf } from '../../support/tasks.js';
import { bootApp } from '../../unit/nest/nest-app.js';

@Injectable()
class Orders {
  readonly kinds: string[] = [];

  constructor(@Inject(IdempotentExecutor) private readonly once: IdempotentExecutor) {}

  @EverySecondExclusive({ name: 'ship', recovery: 'retake' })
  async ship(): Promise<void> {
    const shipped = this.once.runOnce('order 17', () => 'by the tick');
    this.kinds.push((await shipped.catch(passOn)).kind);
  }
}

function passOn(cause: unknown): never {
  throw new Error('order 17 is not shipped', { cause });
}

describe.skipIf(lacksPostgres('ticks whose job is pending'))('a tick of a retake task', () => {
  const server = sharedPostgres();

  it('whose job is pending elsewhere is made again by the scheduler alone, and succeeds', async () => {
    const store = () => postgresSnapshots({ postgres: server.pool(), migrate: true, lockWaitMs: 100 });
    const elsewhere = new IdempotentExecutor({ store: store(), namespace: 'shop', app: 'shop' });
    const gate = new AbortController();
    let begun = (): void => undefined;
    const hasBegun = new Promise<void>((resolve) => {
      begun = resolve;
    });
    const shipping = elsewhere.runOnce('order 17', async () => {
      begun();
      await event(gate.signal, 'abort');
      return 'elsewhere';
    });
    await hasBegun;
    const module = IdempotentExecutionModule.forRoot({ store: store(), namespace: 'shop', app: 'shop' });
    const { app, events } = await bootApp({ imports: [module], providers: [Orders] });
    await expect.poll(() => events.of('retry').length).toBeGreaterThan(0);
    const [first] = events.of('retry');
    expect(first).toMatchObject({ task: 'ship', attempt: 1, delayMs: 2_000 });
    gate.abort();
    await shipping;
    const ofFirst = () => reportsOf(events.events).filter(({ tick }) => tick === first?.tick);
    await expect.poll(ofFirst).toMatchObject([{ outcome: 'success', attempt: 2 }]);
    expect(app.get(Orders).kinds[0]).toBe('replayed');
  });
});
