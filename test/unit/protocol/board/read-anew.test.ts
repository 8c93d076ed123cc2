/** What expires of what was forgotten takes nothing with it that was read anew. */
import { describe, expect, it } from 'vitest';
import { BoardMap } from '#src/protocol/board/board-map.js';
import { BoardStage, CONVERGES_WITHIN_MS } from './board-stage.js';

const stamp = (ms: number) => ({ ms, counter: 0, writer: 'aaaaaaaaaaaa' });
const HOUR_MS = 3_600_000;

describe('a board that reads anew', () => {
  it('keeps what it has read of a key whose forgotten record expires', () => {
    const map = new BoardMap();
    map.merge({ key: 'task:x', value: '1', stamp: stamp(1), expiresAtMs: 100 }, 50);
    map.readAnew();
    map.merge({ key: 'task:x', value: '2', stamp: stamp(200), expiresAtMs: 9_000 }, 200);
    map.sweep(200);
    expect(map.shown('task:x', 200)?.value).toBe('2');
  });

  it('has a task that was put off while it stood still', async () => {
    const lost: number[] = [];
    for (let seed = 1; seed <= 8; seed += 1) {
      const stage = new BoardStage({ boards: 2, seed });
      await stage.clock.advance(50);
      await stage.ending(stage.board(0).put('task:x', '1', 5 * HOUR_MS));
      for (let index = 0; index < 2_000; index += 1) stage.board(0).post(`task:${index}`, '1');
      await stage.clock.advance(10_000 + seed * 67);
      stage.suspend(1);
      await stage.passes(4 * HOUR_MS);
      await stage.ending(stage.board(0).put('task:x', '2', 100 * HOUR_MS));
      await stage.passes(24 * HOUR_MS);
      // One of the nodes answers slowly, within its timeout.
      stage.delay(0, 150);
      stage.delay(1, 150);
      await stage.resume(1);
      await stage.clock.advance(4 * CONVERGES_WITHIN_MS);
      if (stage.board(1).get('task:x') !== '2') lost.push(seed);
    }
    expect(lost).toEqual([]);
  }, 60_000);
});
