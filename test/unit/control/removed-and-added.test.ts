import { describe, expect, it } from 'vitest';
import { decided, pair, SEEN_MS } from './pair.js';

const HOUR_MS = 3_600_000;

describe('a task that is removed through one instance and added again at once through another', () => {
  it('is not paused as the one before it was', async () => {
    const { stage, one, other } = await pair();
    const soon = stage.clock.wallMs() + HOUR_MS;
    await decided(stage, one.control.add({ name: 'x', runs: 'send', atMs: soon }));
    await decided(stage, one.control.pause('x'));
    await stage.clock.advance(3 * SEEN_MS);
    await decided(stage, one.control.remove('x'));
    // As soon as the other one knows that it is gone.
    while (other.room.get('task:x') !== undefined) await stage.clock.advance(10);
    await decided(stage, other.control.add({ name: 'x', runs: 'send', atMs: soon + 5 * 24 * HOUR_MS }));
    await stage.clock.advance(5 * SEEN_MS);
    expect([one.task('x').state, other.task('x').state]).toEqual(['active', 'active']);
  });
});
