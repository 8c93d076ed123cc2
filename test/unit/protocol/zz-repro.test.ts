import { it } from 'vitest';
import { MemoryCluster } from '../../../libs/distributed-schedule/src/testing/memory-cluster.js';
import { taskOf } from '../../support/tasks.js';
it.each([1, 3])('repro %d', async (n) => {
  const c = new MemoryCluster();
  const t0 = c.clock.wallMs();
  const slow = taskOf(() => c.clock.sleepUntil(c.clock.monotonicMs() + 9_000));
  for (let i = 0; i < n; i++)
    c.join([slow], { onEvent: (e) => {
      const at = c.clock.wallMs() - t0;
      if (e.type === 'audit') process.stdout.write(`${at} AUDIT ${JSON.stringify({...e.finding, tick: e.finding.tick - t0})}\n`);
      if (e.type === 'tick') process.stdout.write(`${at} ${e.report.tick - t0} ${e.report.instanceId} ${e.report.outcome} ${e.report.by} +${at - (e.report.tick - t0)}\n`);
    } });
  await c.clock.advance(38_000);
});
