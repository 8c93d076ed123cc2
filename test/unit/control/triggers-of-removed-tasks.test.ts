import { expect, it } from 'vitest';
import { decided, pair, SEEN_MS } from './pair.js';

it('a task that is removed while another instance places a trigger leaves none to the next one of its name', async () => {
  const left: number[] = [];
  for (let waitMs = 0; waitMs <= 800; waitMs += 100) {
    const { stage, one, other } = await pair();
    await decided(stage, one.control.add({ name: 'x', runs: 'send', everyMs: 3_600_000 }));
    await stage.clock.advance(3 * SEEN_MS);
    await decided(stage, other.trigger.trigger('x'));
    await stage.clock.advance(waitMs);
    await decided(stage, one.control.remove('x'));
    await stage.clock.advance(3 * SEEN_MS);
    if (one.room.list('trigger:').length > 0) left.push(waitMs);
  }
  expect(left).toEqual([]);
});
