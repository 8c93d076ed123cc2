import { describe, expect, it } from 'vitest';
import { TOMBSTONE_TTL_MS } from '#src/protocol/board/board-keys.js';
import { BOARD_PERIOD_MS, MAX_VALUE_LENGTH } from '#src/protocol/board/board-record.js';
import { BoardStage, CONVERGES_WITHIN_MS } from './board-stage.js';

const SECOND_MS = 1_000;

async function startStage(boards = 2): Promise<BoardStage> {
  const stage = new BoardStage({ boards });
  await stage.clock.advance(50);
  return stage;
}

describe('a board', () => {
  it('shows a change to every other instance with its next exchange', async () => {
    const stage = await startStage(3);
    const verdict = await stage.ending(stage.board(0).put('pause:settle', '1'));
    expect(verdict).toEqual({ kind: 'kept', acknowledged: 3, nodes: 3, full: 0 });
    await stage.clock.advance(BOARD_PERIOD_MS + 10);
    expect(stage.boards.map((board) => board.get('pause:settle'))).toEqual(['1', '1', '1']);
  });

  it('sends a put at once and needs no period for it', async () => {
    const stage = await startStage();
    const startMs = stage.clock.monotonicMs();
    await stage.ending(stage.board(0).put('key', '1'));
    expect(stage.clock.monotonicMs() - startMs).toBeLessThan(50);
  });

  it('exchanges once a period with each node while nothing happens', async () => {
    const stage = await startStage(1);
    await stage.clock.advance(5 * BOARD_PERIOD_MS);
    const before = [...stage.exchanges];
    await stage.clock.advance(10 * BOARD_PERIOD_MS);
    const counts = stage.exchanges.map((count, index) => count - (before[index] ?? 0));
    for (const count of counts) {
      expect(count).toBeGreaterThanOrEqual(9);
      expect(count).toBeLessThanOrEqual(11);
    }
  });

  it('tells listeners of news once, whichever node brings it, and of nothing else', async () => {
    const stage = await startStage();
    const told: string[] = [];
    const end = stage.board(1).watch((keys) => told.push(...keys));
    await stage.ending(stage.board(0).put('key', '1'));
    await stage.clock.advance(5 * SECOND_MS);
    expect(told).toEqual(['key']);
    end();
    await stage.ending(stage.board(0).put('key', '2'));
    await stage.clock.advance(2 * SECOND_MS);
    expect(told).toEqual(['key']);
  });

  it('goes on when a listener throws, and says so', async () => {
    const stage = await startStage();
    stage.board(0).watch(() => {
      throw new Error('a bug');
    });
    await stage.ending(stage.board(0).put('key', '1'));
    expect(stage.board(0).get('key')).toBe('1');
    expect(stage.events).toContainEqual(expect.objectContaining({ type: 'error', where: 'board: listener' }));
  });

  it('says that a change stands on a minority, and that nobody was heard', async () => {
    const stage = await startStage();
    stage.link(0, 0, 'cut');
    stage.link(0, 1, 'cut');
    expect(await stage.ending(stage.board(0).put('one', '1'))).toMatchObject({
      kind: 'minority',
      acknowledged: 1,
    });
    stage.link(0, 2, 'cut');
    expect(await stage.ending(stage.board(0).put('none', '1'))).toMatchObject({
      kind: 'unheard',
      acknowledged: 0,
    });
    expect(stage.board(0).get('none')).toBeUndefined();
    stage.heal();
    await stage.clock.advance(CONVERGES_WITHIN_MS);
    expect(stage.boards.map((board) => board.get('one'))).toEqual(['1', '1']);
    expect(stage.boards.map((board) => board.get('none'))).toEqual([undefined, undefined]);
  });

  it('tries a put again while there is time, so that a node that is back after a moment counts', async () => {
    const stage = await startStage();
    stage.link(0, 0, 'cut');
    stage.link(0, 1, 'cut');
    const put = stage.board(0).put('key', '1');
    await stage.clock.advance(300);
    stage.heal();
    expect(await stage.ending(put)).toMatchObject({ kind: 'kept' });
  });

  it('carries a change between instances that reach different nodes', async () => {
    const stage = new BoardStage({ boards: 3 });
    await stage.clock.advance(50);
    for (const [board, node] of [
      [0, 1],
      [0, 2],
      [1, 0],
      [1, 1],
    ] as const) {
      stage.link(board, node, 'cut');
    }
    await stage.ending(stage.board(0).put('key', '1'));
    await stage.clock.advance(CONVERGES_WITHIN_MS);
    expect(stage.board(1).get('key')).toBe('1');
  });

  it('refills a node that has lost its memory', async () => {
    const stage = await startStage();
    await stage.ending(stage.board(0).put('key', '1'));
    await stage.clock.advance(2 * SECOND_MS);
    for (const node of stage.nodes) {
      node.loseMemory('flush');
      await stage.clock.advance(CONVERGES_WITHIN_MS);
    }
    await stage.stop();
    const newcomer = stage.join();
    await stage.clock.advance(50);
    await newcomer.whenCurrent;
    expect(newcomer.get('key')).toBe('1');
  });

  it('keeps what was written when all instances go and others come', async () => {
    const stage = await startStage();
    await stage.ending(stage.board(0).put('key', '1'));
    await stage.ending(stage.board(0).put('gone', '1'));
    await stage.ending(stage.board(1).delete('gone'));
    await stage.stop();
    const newcomer = stage.join();
    expect(newcomer.isCurrent).toBe(false);
    await stage.clock.advance(50);
    expect(newcomer.isCurrent).toBe(true);
    expect(newcomer.list('').map(({ key, value }) => [key, value])).toEqual([['key', '1']]);
  });

  it('passes on what was posted when it stops', async () => {
    const stage = await startStage();
    stage.board(0).flush();
    // An exchange is under way, without the record.
    await stage.clock.advance(0);
    stage.board(0).post('run:settle', '1');
    const stopped = stage.board(0).stop();
    await stage.clock.advance(20);
    await stopped;
    await stage.clock.advance(BOARD_PERIOD_MS);
    expect(stage.board(1).get('run:settle')).toBe('1');
  });

  it('lets a record go when its time has come, and tells of it', async () => {
    const stage = await startStage();
    await stage.ending(stage.board(0).put('alive', '1', 3_000));
    await stage.clock.advance(SECOND_MS);
    expect(stage.board(1).get('alive')).toBe('1');
    const told: string[] = [];
    stage.board(1).watch((keys) => told.push(...keys));
    await stage.clock.advance(3_000);
    expect(stage.board(1).get('alive')).toBeUndefined();
    expect(told).toEqual(['alive']);
  });

  it('does not bring back what was deleted while an instance was cut off for days', async () => {
    const stage = await startStage();
    await stage.ending(stage.board(0).put('key', '1'));
    await stage.ending(stage.board(0).put('kept', '1'));
    await stage.clock.advance(2 * SECOND_MS);
    for (const node of [0, 1, 2]) stage.link(1, node, 'cut');
    await stage.ending(stage.board(0).delete('key'));
    // Nobody wakes on the way: thousands of exchanges would say nothing more.
    for (let part = 0; part < 4; part += 1) {
      stage.clock.jump(TOMBSTONE_TTL_MS / 3);
      await stage.clock.advance(2 * SECOND_MS);
    }
    stage.heal();
    await stage.clock.advance(CONVERGES_WITHIN_MS);
    expect(stage.boards.map((board) => board.get('key'))).toEqual([undefined, undefined]);
    expect(stage.boards.map((board) => board.get('kept'))).toEqual(['1', '1']);
  });

  it('refuses a record that is too large, and a key that cannot be one', async () => {
    const stage = await startStage();
    const code = 'DSCHED_BOARD_LIMIT';
    await expect(stage.board(0).put('key', 'x'.repeat(MAX_VALUE_LENGTH + 1))).rejects.toMatchObject({
      code,
    });
    await expect(stage.board(0).put('', '1')).rejects.toMatchObject({ code });
    expect(() => stage.board(0).post('a{b}', '1')).toThrow(code);
  });

  it('is not held up by a record that a bad clock has stamped an hour ahead', async () => {
    const stage = await startStage();
    const node = stage.nodes[0]?.connectBoard({ label: 'node 1' });
    const ms = stage.clock.wallMs() + 3_600_000;
    const stamp = { ms, counter: 0, writer: 'ffffffffffff' };
    const bad = { key: 'key', value: '"bad"', stamp, expiresAtMs: undefined };
    await node?.exchange([bad], { memory: '', sequence: 0 });
    // Written before the bad record was seen, and after.
    await stage.ending(stage.board(0).put('key', '"soon"'));
    expect(stage.board(0).get('key')).toBe('"soon"');
    await stage.ending(stage.board(1).put('key', '"later"'));
    await stage.ending(stage.board(1).put('other', '1'));
    await stage.clock.advance(CONVERGES_WITHIN_MS);
    expect(stage.boards.map((board) => board.get('key'))).toEqual(['"later"', '"later"']);
    const other = stage.board(0).list('other')[0];
    expect(other?.writtenMs).toBeLessThan(ms - 3_000_000);
  });
});
