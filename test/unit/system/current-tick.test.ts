import { setImmediate as nextTurn } from 'node:timers/promises';
import { Inject, Injectable } from '@nestjs/common';
import {
  currentTick,
  IntervalExclusive,
  type TickContext,
  tryCurrentTick,
} from 'nestjs-distributed-schedule';
import { describe, expect, it, onTestFinished } from 'vitest';
import { bootApp } from '../nest/nest-app.js';

@Injectable()
class Repository {
  async write(): Promise<TickContext> {
    await nextTurn();
    return currentTick();
  }
}

@Injectable()
class Shop {
  readonly seen: [given: TickContext, current: TickContext][] = [];

  constructor(@Inject(Repository) private readonly repository: Repository) {}

  @IntervalExclusive(50, { name: 'one' })
  async one(tick: TickContext): Promise<void> {
    await this.writeAll(tick);
  }

  @IntervalExclusive(50, { name: 'other' })
  async other(tick: TickContext): Promise<void> {
    await this.writeAll(tick);
  }

  private async writeAll(tick: TickContext): Promise<void> {
    const found = await Promise.all([this.repository.write(), this.repository.write()]);
    for (const current of found) this.seen.push([tick, current]);
  }
}

describe('currentTick', () => {
  it('is the context of the run, deep in nested asynchronous calls, also when tasks run at the same time', async () => {
    const { app, events } = await bootApp({ providers: [Repository, Shop] });
    await Promise.all([events.nextRun('one'), events.nextRun('other')]);
    const { seen } = app.get(Shop);
    expect(new Set(seen.map(([given]) => given.task))).toEqual(new Set(['one', 'other']));
    for (const [given, current] of seen) expect(current).toBe(given);
  });

  it('throws outside of a run, where tryCurrentTick answers undefined', () => {
    expect(() => currentTick()).toThrow(
      'DSCHED_NO_CURRENT_TICK: currentTick() works only inside the run of an exclusive method.',
    );
    expect(tryCurrentTick()).toBeUndefined();
  });
});

describe('the signal of a run', () => {
  it('takes any number of listeners without a warning of a leak', async () => {
    @Injectable()
    class Fetching {
      @IntervalExclusive(50, { name: 'fetch' })
      run({ signal }: TickContext): void {
        for (let count = 0; count < 20; count += 1) signal.addEventListener('abort', () => count);
      }
    }
    const warnings: Error[] = [];
    const onWarning = (warning: Error): void => void warnings.push(warning);
    process.on('warning', onWarning);
    onTestFinished(() => void process.off('warning', onWarning));
    const { events } = await bootApp({ providers: [Fetching] });
    await events.nextRun('fetch');
    await nextTurn();
    expect(warnings).toEqual([]);
  });
});
