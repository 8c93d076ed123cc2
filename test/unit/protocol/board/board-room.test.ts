import { describe, expect, it } from 'vitest';
import { isInRoom } from '#src/protocol/board/board-keys.js';
import { BoardRoom } from '#src/protocol/board/board-room.js';
import { BoardWorld } from './board-world.js';

describe('the room of an app on the board', () => {
  it('shows its own records only, and is told of its own changes only', async () => {
    const world = new BoardWorld({ boards: 2 });
    const [shop, billing] = [new BoardRoom(world.board(0), 'shop'), new BoardRoom(world.board(1), 'billing')];
    const told: string[] = [];
    billing.watch((keys) => told.push(...keys));
    expect((await world.ending(shop.put('pause:report', '"shop"'))).kind).toBe('kept');
    await world.ending(billing.put('pause:report', '"billing"'));
    shop.post('plan:report', '1');
    await world.clock.advance(2_000);
    expect([shop.get('pause:report'), billing.get('pause:report')]).toEqual(['"shop"', '"billing"']);
    expect(shop.list('p').map(({ key }) => key)).toEqual(['pause:report', 'plan:report']);
    expect(told).toEqual(['pause:report']);
    await world.ending(shop.delete('pause:report'));
    expect([shop.get('pause:report'), billing.get('pause:report')]).toEqual([undefined, '"billing"']);
  });

  it('knows a record of any room by what it is', () => {
    expect(isInRoom('in:shop:task:report', 'task:')).toBe(true);
    expect(isInRoom('in:shop:pause:task:', 'task:')).toBe(false);
    expect(isInRoom('task:report', 'task:')).toBe(false);
  });
});
