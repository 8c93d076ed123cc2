import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ClockShim } from '../support/clock-shim/clock-shim.js';
import { type RedisServer, startRedis } from '../support/redis-server.js';

const shim = await ClockShim.build();
if (shim === undefined) process.stderr.write('!! no C compiler: tests of the clock shim are skipped\n');

describe.skipIf(shim === undefined)('the clock of a server that a test has in hand', () => {
  let server: RedisServer;
  let clock: ClockShim;
  let readMs: () => Promise<number>;

  beforeAll(async () => {
    if (shim === undefined) return;
    clock = shim;
    server = await startRedis({ env: clock.env() });
    const client = server.client();
    readMs = async () => {
      const [seconds, microseconds] = await client.time();
      return Number(seconds) * 1_000 + Number(microseconds) / 1_000;
    };
  });
  afterAll(async () => {
    await server?.stop();
    shim?.close();
  });

  it('shows the real time at first, and is found to have an effect', async () => {
    await clock.requireEffect(readMs);
    expect(clock.processes()).toBeGreaterThanOrEqual(2);
    expect(Math.abs((await readMs()) - Date.now())).toBeLessThan(1_000);
  });

  it('does not pass for one that is not there', async () => {
    await expect(clock.requireEffect(async () => Date.now())).rejects.toThrow('has no effect');
  });

  it('stands still to the microsecond, and moves only when it is moved', async () => {
    clock.freeze();
    const frozenMs = await readMs();
    expect(frozenMs).toBe(clock.nowMs());
    clock.step(-86_400_000);
    expect(await readMs()).toBe(frozenMs - 86_400_000);
    clock.set(Date.UTC(5200, 0, 1) + 1);
    expect(await readMs()).toBe(Date.UTC(5200, 0, 1) + 1);
  });

  it('rules when a key expires', async () => {
    const client = server.client();
    clock.freeze(Date.UTC(2031, 0, 1));
    await client.set('key', 'value', 'PX', 100);
    clock.step(100);
    expect(await client.pttl('key')).toBe(0);
    clock.step(1);
    expect(await client.get('key')).toBeNull();
  });

  it('goes on from where it stood, in step with the real one', async () => {
    clock.setOffset(0);
    clock.freeze(Date.UTC(2031, 0, 1));
    clock.resume();
    const [startedMs, before] = [performance.now(), await readMs()];
    expect(before).toBeGreaterThanOrEqual(Date.UTC(2031, 0, 1));
    while ((await readMs()) < before + 20);
    expect(performance.now() - startedMs).toBeGreaterThan(15);
  });

  it('runs a hundred times as fast when told so', async () => {
    clock.setOffset(0);
    clock.setRate(100);
    const before = await readMs();
    const startedMs = performance.now();
    while (performance.now() - startedMs < 20);
    expect((await readMs()) - before).toBeGreaterThan(1_900);
    clock.setOffset(0);
  });

  it('survives a restart of the server', async () => {
    clock.freeze(Date.UTC(2031, 0, 1));
    await server.restart();
    expect(await readMs()).toBe(Date.UTC(2031, 0, 1));
  });
});
