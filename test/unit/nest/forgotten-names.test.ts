/** An app that adds and removes tasks for years keeps nothing of those that are gone, but what stands on the board for a while. */

import { Injectable } from '@nestjs/common';
import { Test } from '@nestjs/testing';
import {
  DistributedScheduleModule,
  DistributedScheduleRegistry,
  ExclusiveHandler,
} from 'nestjs-distributed-schedule';
import { DistributedScheduleTestingModule, ScheduleHarness } from 'nestjs-distributed-schedule/testing';
import { expect, it, onTestFinished } from 'vitest';
import { LogCapture } from './nest-app.js';

const NAME = 'customer 4711';
const MINUTE_MS = 60_000;

/**
 * What is kept of a name for good reasons: the board forgets a deletion after a day and a run after a month, and the ledger is the
 * memory of nodes. Claims of one's own are remembered up to a number, whatever they are of.
 */
const MEMORIES = new Set(['BoardMap', 'BoardDebts', 'MemoryBoard', 'MemoryLedger', 'OwnClaims']);
/** The test kit's own notes, for the test to read. */
const NOTES = new Set(['TickReports', 'ScheduleHarness', 'LogCapture']);

/** The places of maps and sets below `root` with a key that has the name in it. */
function placesOf(name: string, root: object): readonly string[] {
  const found: string[] = [];
  const seen = new Set<object>();
  const open: [string, object][] = [['', root]];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const [path, value] = next;
    const kind = value.constructor?.name ?? '';
    if (seen.has(value) || MEMORIES.has(kind) || NOTES.has(kind)) continue;
    seen.add(value);
    const entries: [unknown, unknown][] =
      value instanceof Map
        ? [...value.entries()]
        : value instanceof Set
          ? [...value].map((one) => [one, one])
          : Object.entries(value);
    for (const [key, inner] of entries) {
      const isKept = value instanceof Map || value instanceof Set;
      if (isKept && typeof key === 'string' && key.includes(name)) found.push(`${path} (${kind})`);
      if (typeof inner === 'object' && inner !== null) open.push([`${path}.${String(key)}`, inner]);
    }
  }
  return found;
}

@Injectable()
class Reports {
  goesOn: Promise<void> | undefined;

  @ExclusiveHandler({ name: 'report' })
  async run(): Promise<void> {
    await this.goesOn;
  }
}

it('keeps no map of names that grows with every task that was added and removed', async () => {
  const testing = await Test.createTestingModule({
    imports: [
      DistributedScheduleModule.forRoot({ memory: true }),
      DistributedScheduleTestingModule.with({ startAt: new Date('2026-11-30T12:00:00Z') }),
    ],
    providers: [Reports],
  })
    .setLogger(new LogCapture())
    .compile();
  const app = testing.createNestApplication();
  onTestFinished(() => app.close());
  await app.init();
  const schedule = app.get(ScheduleHarness);
  const registry = app.get(DistributedScheduleRegistry);
  const decided = async <T>(decision: Promise<T>): Promise<T> => {
    const [value] = await Promise.all([decision, schedule.advance(2_000)]);
    return value;
  };

  await decided(registry.add({ name: NAME, runs: 'report', everyMs: 1_000, retry: { attempts: 2 } }));
  await schedule.advance(5_000);
  let end = (): void => {};
  app.get(Reports).goesOn = new Promise((resolve) => {
    end = resolve;
  });
  // Ticks that meet a run which goes on.
  await schedule.advance(5_000);
  end();
  await decided(registry.trigger(NAME));
  await decided(registry.pause(NAME));
  await decided(registry.resume(NAME));
  expect(placesOf(NAME, registry)).not.toEqual([]);
  await decided(registry.remove(NAME));
  await schedule.advance(3 * MINUTE_MS);
  expect(placesOf(NAME, registry)).toEqual([]);
});
