import { describe, expect, it } from 'vitest';
import { isInRoom } from '#src/protocol/board/board-keys.js';
import { BoardRoom } from '#src/protocol/board/board-room.js';
import { BoardStage } from './board-stage.js';

describe('the room of an app on the board', () => {
  it('shows its own records only, and is told of its own changes only', async () => {
    const stage = new BoardStage({ boards: 2 });
    const [shop, billing] = [new BoardRoom(stage.board(0), 'shop'), new BoardRoom(stage.board(1), 'billing')];
    const told: string[] = [];
    billing.watch((keys) => told.push(...keys));
    expect((await stage.ending(shop.put('pause:report', '"shop"'))).kind).toBe('kept');
    await stage.ending(billing.put('pause:report', '"billing"'));
    shop.post('plan:report', '1');
    await stage.clock.advance(2_000);
    expect([shop.get('pause:report'), billing.get('pause:report')]).toEqual(['"shop"', '"billing"']);
    expect(shop.list('p').map(({ key }) => key)).toEqual(['pause:report', 'plan:report']);
    expect(told).toEqual(['pause:report']);
    await stage.ending(shop.delete('pause:report'));
    expect([shop.get('pause:report'), billing.get('pause:report')]).toEqual([undefined, '"billing"']);
  });

  it('knows a record of any room by what it is', () => {
    expect(isInRoom('in:shop:task:report', 'task:')).toBe(true);
    expect(isInRoom('in:shop:pause:task:', 'task:')).toBe(false);
    expect(isInRoom('task:report', 'task:')).toBe(false);
  });
});
