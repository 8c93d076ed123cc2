import { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  failoverForced,
  masterKilled,
  SentinelScene,
  splitBrain,
} from '../../support/faults/sentinel-scene.js';

async function opened(): Promise<SentinelScene> {
  const scene = await SentinelScene.open();
  onTestFinished(() => scene.close());
  return scene;
}

// One after the other: fifteen servers at once time out on a slow machine.
describe('a master under sentinels', { timeout: 120_000 }, () => {
  it('is replaced when it dies', async () => {
    const scene = await opened();
    const client = new Redis({ ...scene.input, retryStrategy: () => 20, sentinelRetryStrategy: () => 20 });
    client.on('error', () => {});
    await client.set('x', 'before');
    expect(await masterKilled(scene).strike()).toMatch(/^promoted \d+ ms/);
    expect(await client.set('x', 'after')).toBe('OK');
    expect(await scene.standby.client().get('x')).toBe('after');
    client.disconnect();
  });

  it('is replaced by command', async () => {
    const scene = await opened();
    expect(await failoverForced(scene).strike()).toMatch(/^promoted \d+ ms/);
  });

  it('goes on alone in a split brain, and loses what it took then', async () => {
    const scene = await opened();
    const fault = splitBrain(scene);
    expect(await fault.strike()).toMatch(/both masters take writes/);
    await scene.master.client().set('x', 'lost');
    await fault.heal();
    expect(await scene.master.client().get('x')).toBe(null);
  });
});
