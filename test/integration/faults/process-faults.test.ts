import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { ClockShim } from '../../support/clock-shim/clock-shim.js';
import { clockChanged, clockOfReplica, clockOfServer } from '../../support/faults/clock-faults.js';
import {
  heapExhausted,
  killed,
  loopBlocked,
  SMALL_HEAP_ENV,
  stopped,
  terminated,
} from '../../support/faults/process-faults.js';
import { CLOCK_UNAVAILABLE, ReplicaClock } from '../../support/faults/replica-clock.js';
import { startRedis } from '../../support/redis-server.js';
import { Replica } from '../../support/replica.js';
import { sharedRedis } from '../../support/shared-servers.js';

const DEMO = fileURLToPath(new URL('../../../scripts/build-demo.mjs', import.meta.url));
const server = sharedRedis();
const replicas: Replica[] = [];

beforeAll(() => {
  execFileSync(process.execPath, [DEMO]);
}, 120_000);
afterEach(async () => {
  await Promise.all(replicas.splice(0).map((replica) => replica.kill('SIGKILL')));
});

async function start(env: Readonly<Record<string, string>> = {}): Promise<Replica> {
  const replica = await Replica.start('one', { REDIS_NODES: server.url, TASKS: 'settle', ...env });
  replicas.push(replica);
  return replica;
}

describe('a replica', () => {
  it('is stopped, blocked and terminated', async () => {
    const replica = await start();
    const stop = stopped(replica);
    expect(await stop.strike()).toMatch(/unanswered/);
    await stop.heal();
    const block = loopBlocked(replica, 900);
    expect(await block.strike()).toMatch(/unanswered/);
    await block.heal();
    expect((await replica.get('/health/live')).status).toBe(200);
    expect(await terminated(replica).strike()).toMatch(/ended with code 0/);
  });

  it('is killed', async () => {
    const replica = await start();
    expect(await killed(replica).strike()).toMatch(/ended by SIGKILL/);
    expect(replica.isAlive).toBe(false);
  });

  it('dies of a full heap', async () => {
    const replica = await start(SMALL_HEAP_ENV);
    expect(await heapExhausted(replica).strike()).toMatch(/heap out of memory/);
  });
});

describe('a wall clock', () => {
  it('of a replica steps while its monotonic clock goes on', async (ctx) => {
    const clock = await ReplicaClock.build();
    if (clock === undefined) return ctx.skip(CLOCK_UNAVAILABLE);
    const replica = await start(clock.env());
    const bearer = clockOfReplica(replica, clock);
    const before = await clock.read(replica);
    for (const stepMs of [5_000, -60_000]) {
      const fault = clockChanged(bearer, { stepMs });
      expect(await fault.strike()).toMatch(/ms (more|less) than the machine/);
      await fault.heal();
    }
    clock.shim.step(-3_600_000);
    const after = await clock.read(replica);
    expect(after.wallMs).toBeLessThan(before.wallMs - 3_500_000);
    expect(after.monotonicMs - before.monotonicMs).toBeGreaterThan(0);
    expect(after.monotonicMs - before.monotonicMs).toBeLessThan(60_000);
    expect((await replica.get('/health/live')).status).toBe(200);
    clock.close();
  });

  it.for([{ stepMs: -3_000 }, { rate: 1.5 }, { frozen: true }] as const)(
    'of a server: %o',
    async (change, ctx) => {
      const shim = await ClockShim.build();
      if (shim === undefined) return ctx.skip(CLOCK_UNAVAILABLE);
      const own = await startRedis({ env: shim.env() });
      const fault = clockChanged(clockOfServer(own, shim), change);
      expect(await fault.strike()).toMatch('stepMs' in change ? /(2999|3\d{3}) ms less/ : /ms (more|less)/);
      await fault.heal();
      await own.stop();
      shim.close();
    },
  );
});
