import { describe, expect, it } from 'vitest';
import { decided, pair, SEEN_MS } from './pair.js';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

describe('a plan and the life of its task', () => {
  it('does not cut short a task that is added again at once through another instance', async () => {
    const { stage, one, other } = await pair();
    const nowMs = stage.clock.wallMs();
    await decided(stage, one.control.add({ name: 'x', runs: 'send', atMs: nowMs + HOUR_MS }));
    await decided(stage, one.control.reschedule('x', { atMs: nowMs + 2 * HOUR_MS }));
    await stage.clock.advance(3 * SEEN_MS);
    await decided(stage, one.control.remove('x'));
    while (other.room.get('task:x') !== undefined) await stage.clock.advance(10);
    await decided(stage, other.control.add({ name: 'x', runs: 'send', atMs: nowMs + 10 * DAY_MS }));
    await stage.clock.advance(5 * SEEN_MS);
    expect(other.room.entry('task:x')?.expiresAtMs).toBeGreaterThan(nowMs + 10 * DAY_MS);
  });

  it('lives as long as its task, which every replica adds again when it starts', async () => {
    const { stage, one, other } = await pair();
    const nowMs = stage.clock.wallMs();
    const add = { name: 'x', runs: 'send', atMs: nowMs + 36 * HOUR_MS };
    await decided(stage, one.control.add(add));
    await decided(stage, one.control.reschedule('x', { atMs: nowMs + HOUR_MS }));
    // It runs.
    stage.clock.jump(10 * HOUR_MS);
    await stage.clock.advance(3 * SEEN_MS);
    stage.clock.jump(10 * HOUR_MS);
    await stage.clock.advance(3 * SEEN_MS);
    // A deployment.
    await decided(stage, other.control.add(add));
    stage.clock.jump(8 * HOUR_MS);
    await stage.clock.advance(5 * SEEN_MS);
    const { task } = one.task('x');
    expect(task?.schedule.nextAfter(stage.clock.wallMs())).toBeUndefined();
  });
});
