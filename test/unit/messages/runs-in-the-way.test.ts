import { expect, it } from 'vitest';
import { RunsInTheWay } from '#src/messages/runs-in-the-way.js';

it('remembers the runs that are in the way of the newest tasks, however many were there and are gone', () => {
  let nowMs = 0;
  const runs = new RunsInTheWay({ monotonicMs: () => nowMs });
  const met = (task: string, tick: number): string =>
    runs.words({ task, tick, outcome: 'overlap', instanceId: 'one', by: 'other' });
  for (let index = 0; index < 10_000; index += 1) {
    met(`customer ${index}`, 1_000);
    // One of them is met again and again, and so is never among the oldest.
    if (index % 1_000 === 0) met('settle', index);
  }
  const { rows } = runs as unknown as { readonly rows: ReadonlyMap<string, unknown> };
  expect(rows.size).toBe(3_000);
  nowMs += 120_000;
  expect(met('settle', 20_000)).toContain('a run goes on for 2 min or longer on instance other');
});
