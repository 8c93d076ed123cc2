import { Redis } from 'ioredis';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  failoverForced,
  masterKilled,
  SentinelStage,
  splitBrain,
} from '../../support/faults/sentinel-stage.js';

async function opened(): Promise<SentinelStage> {
  const stage = await SentinelStage.open();
  onTestFinished(() => stage.close());
  return stage;
}

// One after the other: fifteen servers at once time out on a slow machine.
describe('a master under sentinels', { timeout: 120_000 }, () => {
  it('is replaced when it dies', async () => {
    const stage = await opened();
    const client = new Redis({ ...stage.input, retryStrategy: () => 20, sentinelRetryStrategy: () => 20 });
    client.on('error', () => {});
    await client.set('x', 'before');
    expect(await masterKilled(stage).strike()).toMatch(/^promoted \d+ ms/);
    expect(await client.set('x', 'after')).toBe('OK');
    expect(await stage.standby.client().get('x')).toBe('after');
    client.disconnect();
  });

  it('is replaced by command', async () => {
    const stage = await opened();
    expect(await failoverForced(stage).strike()).toMatch(/^promoted \d+ ms/);
  });

  it('goes on alone in a split brain, and loses what it took then', async () => {
    const stage = await opened();
    const fault = splitBrain(stage);
    expect(await fault.strike()).toMatch(/both masters take writes/);
    await stage.master.client().set('x', 'lost');
    await fault.heal();
    expect(await stage.master.client().get('x')).toBe(null);
  });
});
