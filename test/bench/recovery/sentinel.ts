/**
 * The master behind a Sentinel is killed. Its promotion is Sentinel's business and depends on its settings, so the
 * figure counts from there. A promoted replica may not have the newest grants: it abstains like a master that came
 * back empty. The instances live in this process; nothing happens to them.
 */

import type { SeededRandom } from 'nestjs-distributed-schedule/testing';
import { SentinelGroup } from '../../support/sentinel-group.js';
import { untilTime } from '../../support/stage.js';
import { startTaskApp, type TaskApp } from '../../support/task-app.js';
import {
  between,
  type Failure,
  FEW,
  type Scene,
  SECOND_MS,
  type Struck,
  type TickAccount,
} from './failure.js';

const INSTANCES = 2;
const PROMOTION_BOUND_MS = 800;
const START_WITHIN_MS = 15_000;
const POLL_EVERY_MS = 5;

interface Run {
  readonly tick: number;
  readonly startedMs: number;
}

class SentinelScene implements Scene {
  private missed = 0;
  private doubled = 0;

  constructor(private readonly random: SeededRandom) {}

  /** Each trial has servers of its own: a failover leaves nothing to fail over to. */
  async strike(): Promise<Struck> {
    const runs: Run[] = [];
    const group = await SentinelGroup.open({ standbys: 1 });
    const apps: TaskApp[] = [];
    const close = async (): Promise<void> => {
      await Promise.all(apps.map((app) => app.close()));
      await group.close();
    };
    try {
      for (let index = 0; index < INSTANCES; index += 1) {
        const options = { redis: group.input, namespace: 'recovery', app: 'recovery' };
        apps.push(await startTaskApp(options, ({ tick }) => runs.push({ tick, startedMs: Date.now() })));
      }
      const first = await startAfter(runs, 0);
      await startAfter(runs, first.startedMs + 1);
      await untilTime(Date.now() + between(this.random, 0, SECOND_MS));
      const promotion = group.promoted();
      const faultMs = Date.now();
      await group.master.kill();
      await promotion;
      const promotedMs = Date.now();
      const { startedMs } = await startAfter(runs, promotedMs);
      await startAfter(runs, startedMs + 1);
      this.count(runs);
      return { faultMs, startedMs, measuredMs: startedMs - promotedMs, heal: close };
    } catch (error) {
      await close();
      throw error;
    }
  }

  account(): TickAccount {
    return { missed: this.missed, doubled: this.doubled, stories: [] };
  }

  async close(): Promise<void> {}

  private count(runs: readonly Run[]): void {
    const ticks = new Set(runs.map(({ tick }) => tick));
    const due = (Math.max(...ticks) - Math.min(...ticks)) / SECOND_MS + 1;
    this.missed += due - ticks.size;
    this.doubled += runs.length - ticks.size;
  }
}

async function startAfter(runs: readonly Run[], epochMs: number): Promise<Run> {
  const deadlineMs = performance.now() + START_WITHIN_MS;
  for (;;) {
    const found = runs.find(({ startedMs }) => startedMs >= epochMs);
    if (found !== undefined) return found;
    if (performance.now() > deadlineMs) throw new Error(`no run within ${START_WITHIN_MS} ms`);
    await untilTime(Date.now() + POLL_EVERY_MS);
  }
}

const failover: Failure = {
  name: 'Sentinel failover (one vote, best effort)',
  bound: 'first run <= 800 ms after the promotion',
  boundMs: PROMOTION_BOUND_MS,
  losesNoTick: false,
  share: FEW,
  open: async (random) => new SentinelScene(random),
};

export const SENTINEL: readonly Failure[] = [failover];
