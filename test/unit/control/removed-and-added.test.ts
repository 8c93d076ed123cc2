import { describe, expect, it } from 'vitest';
import { decided, pair, SECOND_MS } from './pair.js';

const HOUR_MS = 3_600_000;

describe('a task that is removed through one instance and added again at once through another', () => {
  it('is not paused as the one before it was', async () => {
    const { scene, one, other } = await pair();
    const soon = scene.clock.wallMs() + HOUR_MS;
    await decided(scene, one.control.add({ name: 'x', runs: 'send', atMs: soon }));
    await decided(scene, one.control.pause('x'));
    await scene.clock.advance(3 * SECOND_MS);
    await decided(scene, one.control.remove('x'));
    // As soon as the other one knows that it is gone.
    while (other.room.get('task:x') !== undefined) await scene.clock.advance(10);
    await decided(scene, other.control.add({ name: 'x', runs: 'send', atMs: soon + 5 * 24 * HOUR_MS }));
    await scene.clock.advance(5 * SECOND_MS);
    expect([one.task('x').state, other.task('x').state]).toEqual(['active', 'active']);
  });
});
