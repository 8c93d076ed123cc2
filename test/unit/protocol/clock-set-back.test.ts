import { describe, expect, it } from 'vitest';
import type { AuditFinding } from '../../../libs/distributed-schedule/src/protocol/audit/audit-finding.js';
import type { ScheduleEvent } from '../../../libs/distributed-schedule/src/protocol/observer.js';
import type { Outcome } from '../../../libs/distributed-schedule/src/protocol/outcome.js';
import { MemoryCluster } from '../../../libs/distributed-schedule/src/testing/memory-cluster.js';
import { reportsOf, taskOf } from '../../support/tasks.js';

const HOUR_MS = 3_600_000;
/** By then new nodes vote, and every tick is watched. */
const SETTLED_MS = 8_000;

function findingsOf(events: readonly ScheduleEvent[]): readonly AuditFinding[] {
  return events.flatMap((event) => (event.type === 'audit' ? [event.finding] : []));
}

function outcomesOf(events: readonly ScheduleEvent[], fromMs: number): ReadonlySet<Outcome> {
  const reports = reportsOf(events).filter(({ tick }) => tick >= fromMs);
  return new Set(reports.map(({ outcome }) => outcome));
}

/** A host boots an hour ahead and runs its tasks; then its clock is set right, and the instance starts anew. */
async function setBackByAnHour(
  nodes: number,
): Promise<{ readonly cluster: MemoryCluster; readonly skews: readonly { offsetMs: number }[] }> {
  const skews = Array.from({ length: nodes }, () => ({ offsetMs: HOUR_MS }));
  const cluster = new MemoryCluster({ nodes, nodeSkews: skews });
  const before = cluster.join([taskOf(() => undefined)]);
  await cluster.clock.advance(SETTLED_MS);
  expect(outcomesOf(before.events, 0)).toContain('success');
  const stopped = before.scheduler.stop();
  await cluster.clock.advance(1_000);
  await stopped;
  for (const skew of skews) skew.offsetMs = 0;
  return { cluster, skews };
}

describe.each([1, 3])('the clocks of %i nodes that are set back by an hour', (nodes) => {
  it('are named by every tick, and not as ticks that others have taken', async () => {
    const { cluster } = await setBackByAnHour(nodes);
    const after = cluster.join([taskOf(() => undefined)]);
    await cluster.clock.advance(SETTLED_MS);
    const fromMs = cluster.clock.wallMs() - 5_000;
    await cluster.clock.advance(10_000);

    expect(outcomesOf(after.events, fromMs)).toEqual(new Set(['clock_set_back']));
    const report = reportsOf(after.events).at(-1);
    expect(report?.detail).toMatch(/set back by at least 59 min/);
    const told = findingsOf(after.events).filter(({ tick }) => tick >= fromMs);
    expect(told.length).toBeGreaterThan(5);
    expect(new Set(told.map(({ outcome, cause }) => `${outcome} ${cause}`))).toEqual(
      new Set(['missed clock_set_back']),
    );
    expect(told.at(-1)?.detail).toMatch(/set back by at least 59 min/);
  });
});
