import { describe, expect, it } from 'vitest';
import { decided, pair, SEEN_MS } from './pair.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

describe('a task that was rescheduled, and is replaced', () => {
  it('is due by its new definition, and lives as long', async () => {
    const { stage, one } = await pair();
    const nowMs = stage.clock.wallMs();
    await decided(stage, one.control.add({ name: 'x', runs: 'send', atMs: nowMs + HOUR_MS }));
    await decided(stage, one.control.reschedule('x', { atMs: nowMs + 2 * HOUR_MS }));
    stage.clock.jump(3 * HOUR_MS);
    await stage.clock.advance(3 * SEEN_MS);
    const atMs = nowMs + 10 * DAY_MS;
    await decided(stage, one.control.add({ name: 'x', runs: 'send', atMs, replace: true }));
    await stage.clock.advance(3 * SEEN_MS);
    expect(one.task('x').task?.schedule.nextAfter(stage.clock.wallMs())).toBe(atMs);
    expect(one.room.entry('task:x')?.expiresAtMs).toBeGreaterThan(atMs);
  });
});
