import { describe, expect, it } from 'vitest';
import { TOMBSTONE_TTL_MS } from '#src/protocol/board/board-keys.js';
import { BOARD_PERIOD_MS, MAX_VALUE_LENGTH } from '#src/protocol/board/board-record.js';
import { BoardWorld, CONVERGES_WITHIN_MS } from './board-world.js';

const SECOND_MS = 1_000;

async function startWorld(boards = 2): Promise<BoardWorld> {
  const world = new BoardWorld({ boards });
  await world.clock.advance(50);
  return world;
}

describe('a board', () => {
  it('shows a change to every other instance within a second', async () => {
    const world = await startWorld(3);
    const verdict = await world.ending(world.board(0).put('pause:settle', '1'));
    expect(verdict).toEqual({ kind: 'kept', acknowledged: 3, nodes: 3, full: 0 });
    await world.clock.advance(BOARD_PERIOD_MS + 10);
    expect(world.boards.map((board) => board.get('pause:settle'))).toEqual(['1', '1', '1']);
  });

  it('sends a put at once and needs no period for it', async () => {
    const world = await startWorld();
    const startMs = world.clock.monotonicMs();
    await world.ending(world.board(0).put('key', '1'));
    expect(world.clock.monotonicMs() - startMs).toBeLessThan(50);
  });

  it('exchanges once a period with each node while nothing happens', async () => {
    const world = await startWorld(1);
    await world.clock.advance(5 * BOARD_PERIOD_MS);
    const before = [...world.exchanges];
    await world.clock.advance(10 * BOARD_PERIOD_MS);
    const counts = world.exchanges.map((count, index) => count - (before[index] ?? 0));
    for (const count of counts) {
      expect(count).toBeGreaterThanOrEqual(9);
      expect(count).toBeLessThanOrEqual(11);
    }
  });

  it('tells listeners of news once, whichever node brings it, and of nothing else', async () => {
    const world = await startWorld();
    const told: string[] = [];
    const end = world.board(1).watch((keys) => told.push(...keys));
    await world.ending(world.board(0).put('key', '1'));
    await world.clock.advance(5 * SECOND_MS);
    expect(told).toEqual(['key']);
    end();
    await world.ending(world.board(0).put('key', '2'));
    await world.clock.advance(2 * SECOND_MS);
    expect(told).toEqual(['key']);
  });

  it('goes on when a listener throws, and says so', async () => {
    const world = await startWorld();
    world.board(0).watch(() => {
      throw new Error('a bug');
    });
    await world.ending(world.board(0).put('key', '1'));
    expect(world.board(0).get('key')).toBe('1');
    expect(world.events).toContainEqual(expect.objectContaining({ type: 'error', where: 'board: listener' }));
  });

  it('says that a change stands on a minority, and that nobody was heard', async () => {
    const world = await startWorld();
    world.link(0, 0, 'cut');
    world.link(0, 1, 'cut');
    expect(await world.ending(world.board(0).put('one', '1'))).toMatchObject({
      kind: 'minority',
      acknowledged: 1,
    });
    world.link(0, 2, 'cut');
    expect(await world.ending(world.board(0).put('none', '1'))).toMatchObject({
      kind: 'unheard',
      acknowledged: 0,
    });
    expect(world.board(0).get('none')).toBeUndefined();
    world.heal();
    await world.clock.advance(CONVERGES_WITHIN_MS);
    expect(world.boards.map((board) => board.get('one'))).toEqual(['1', '1']);
    expect(world.boards.map((board) => board.get('none'))).toEqual([undefined, undefined]);
  });

  it('tries a put again while there is time, so that a node that is back after a moment counts', async () => {
    const world = await startWorld();
    world.link(0, 0, 'cut');
    world.link(0, 1, 'cut');
    const put = world.board(0).put('key', '1');
    await world.clock.advance(300);
    world.heal();
    expect(await world.ending(put)).toMatchObject({ kind: 'kept' });
  });

  it('carries a change between instances that reach different nodes', async () => {
    const world = new BoardWorld({ boards: 3 });
    await world.clock.advance(50);
    for (const [board, node] of [
      [0, 1],
      [0, 2],
      [1, 0],
      [1, 1],
    ] as const) {
      world.link(board, node, 'cut');
    }
    await world.ending(world.board(0).put('key', '1'));
    await world.clock.advance(CONVERGES_WITHIN_MS);
    expect(world.board(1).get('key')).toBe('1');
  });

  it('refills a node that has lost its memory', async () => {
    const world = await startWorld();
    await world.ending(world.board(0).put('key', '1'));
    await world.clock.advance(2 * SECOND_MS);
    for (const node of world.nodes) {
      node.loseMemory('flush');
      await world.clock.advance(CONVERGES_WITHIN_MS);
    }
    await world.stop();
    const newcomer = world.join();
    await world.clock.advance(50);
    await newcomer.whenCurrent;
    expect(newcomer.get('key')).toBe('1');
  });

  it('keeps what was written when all instances go and others come', async () => {
    const world = await startWorld();
    await world.ending(world.board(0).put('key', '1'));
    await world.ending(world.board(0).put('gone', '1'));
    await world.ending(world.board(1).delete('gone'));
    await world.stop();
    const newcomer = world.join();
    expect(newcomer.isCurrent).toBe(false);
    await world.clock.advance(50);
    expect(newcomer.isCurrent).toBe(true);
    expect(newcomer.list('').map(({ key, value }) => [key, value])).toEqual([['key', '1']]);
  });

  it('passes on what was posted when it stops', async () => {
    const world = await startWorld();
    world.board(0).flush();
    // An exchange is under way, without the record.
    await world.clock.advance(0);
    world.board(0).post('run:settle', '1');
    const stopped = world.board(0).stop();
    await world.clock.advance(20);
    await stopped;
    await world.clock.advance(BOARD_PERIOD_MS);
    expect(world.board(1).get('run:settle')).toBe('1');
  });

  it('lets a record go when its time has come, and tells of it', async () => {
    const world = await startWorld();
    await world.ending(world.board(0).put('alive', '1', 3_000));
    await world.clock.advance(SECOND_MS);
    expect(world.board(1).get('alive')).toBe('1');
    const told: string[] = [];
    world.board(1).watch((keys) => told.push(...keys));
    await world.clock.advance(3_000);
    expect(world.board(1).get('alive')).toBeUndefined();
    expect(told).toEqual(['alive']);
  });

  it('does not bring back what was deleted while an instance was cut off for days', async () => {
    const world = await startWorld();
    await world.ending(world.board(0).put('key', '1'));
    await world.ending(world.board(0).put('kept', '1'));
    await world.clock.advance(2 * SECOND_MS);
    for (const node of [0, 1, 2]) world.link(1, node, 'cut');
    await world.ending(world.board(0).delete('key'));
    // Nobody wakes on the way: thousands of exchanges would say nothing more.
    for (let part = 0; part < 4; part += 1) {
      world.clock.jump(TOMBSTONE_TTL_MS / 3);
      await world.clock.advance(2 * SECOND_MS);
    }
    world.heal();
    await world.clock.advance(CONVERGES_WITHIN_MS);
    expect(world.boards.map((board) => board.get('key'))).toEqual([undefined, undefined]);
    expect(world.boards.map((board) => board.get('kept'))).toEqual(['1', '1']);
  });

  it('refuses a record that is too large, and a key that cannot be one', async () => {
    const world = await startWorld();
    const code = 'DSCHED_BOARD_LIMIT';
    await expect(world.board(0).put('key', 'x'.repeat(MAX_VALUE_LENGTH + 1))).rejects.toMatchObject({
      code,
    });
    await expect(world.board(0).put('', '1')).rejects.toMatchObject({ code });
    expect(() => world.board(0).post('a{b}', '1')).toThrow(code);
  });

  it('is not held up by a record that a bad clock has stamped an hour ahead', async () => {
    const world = await startWorld();
    const node = world.nodes[0]?.connectBoard({ label: 'node 1' });
    const ms = world.clock.wallMs() + 3_600_000;
    const stamp = { ms, counter: 0, writer: 'ffffffffffff' };
    const bad = { key: 'key', value: '"bad"', stamp, expiresAtMs: undefined };
    await node?.exchange([bad], { epoch: '', sequence: 0 });
    // Written before the bad record was seen, and after.
    await world.ending(world.board(0).put('key', '"soon"'));
    expect(world.board(0).get('key')).toBe('"soon"');
    await world.ending(world.board(1).put('key', '"later"'));
    await world.ending(world.board(1).put('other', '1'));
    await world.clock.advance(CONVERGES_WITHIN_MS);
    expect(world.boards.map((board) => board.get('key'))).toEqual(['"later"', '"later"']);
    const other = world.board(0).list('other')[0];
    expect(other?.writtenMs).toBeLessThan(ms - 3_000_000);
  });
});
