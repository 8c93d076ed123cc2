import { afterEach, describe, expect, it } from 'vitest';
import { Stage, untilTime } from '../support/stage.js';

/** Longer than the lease of 3 s. */
const SLOW_MS = 7_000;
const LEASE_TTL_MS = 3_000;

describe('a handler that is slower than the lease', () => {
  let stage: Stage;
  afterEach(async () => stage.close());

  it('keeps its lease, and nobody overlaps it', async () => {
    stage = await Stage.open({ env: { TASK_MS: String(SLOW_MS) } });
    const lines = await stage.record.until(
      'two runs',
      (seen) => seen.filter(({ phase }) => phase === 'end').length === 2,
      40_000,
    );
    expect(lines.map(({ phase }) => phase).slice(0, 4)).toEqual(['start', 'end', 'start', 'end']);
    expect(lines[0]?.tick).toBe(lines[1]?.tick);
  });

  it('is told when its process was stopped past the lease, and its token is smaller than its successor’s', async () => {
    stage = await Stage.open({ env: { TASK_MS: String(SLOW_MS) } });
    const [start] = await stage.record.until('a run', (seen) => seen.length > 0);
    const holder = stage.replica(start?.replica);
    holder.pause();
    const during = await stage.record.until('a successor', (seen) => seen.length > 1, LEASE_TTL_MS + 3_000);
    expect(during[1]?.replica).not.toBe(holder.name);
    await untilTime((start?.startedMs ?? 0) + LEASE_TTL_MS + 500);
    holder.resume();
    const lines = await stage.record.until('the abort', (seen) =>
      seen.some(({ phase, tick }) => phase === 'aborted' && tick === start?.tick),
    );
    const aborted = lines.find(({ phase }) => phase === 'aborted');
    expect(aborted?.replica).toBe(holder.name);
    expect(during[1]?.token).toBeGreaterThan(aborted?.token ?? Number.POSITIVE_INFINITY);
  });
});
