/** A node that has lost its records, or was made to forget them, is refilled, and every instance that notices says why. */

import { describe, expect, it } from 'vitest';
import { TOMBSTONE_TTL_MS } from '#src/protocol/board/board-keys.js';
import { BoardStage, CONVERGES_WITHIN_MS } from './board-stage.js';

async function startStage(): Promise<BoardStage> {
  const stage = new BoardStage({ boards: 2 });
  await stage.clock.advance(50);
  await stage.ending(stage.board(0).put('task:kept', '1'));
  await stage.ending(stage.board(0).put('alive:one', '1', 2 * TOMBSTONE_TTL_MS));
  stage.board(0).post('run:kept', '1', 2 * TOMBSTONE_TTL_MS);
  await stage.clock.advance(20_000);
  return stage;
}

/** What was told: by which instance does not matter. */
function toldBy({ events }: BoardStage): readonly string[] {
  const told = events.flatMap((event) =>
    event.type === 'error' ? [event.error as { message: string; value: unknown }] : [],
  );
  return [
    ...new Set(
      told.map(({ message, value }) => `${String(value)}: ${message.split(' ').slice(0, 3).join(' ')}`),
    ),
  ];
}

const keysOf = (stage: BoardStage, node: number): readonly string[] =>
  (stage.nodes[node]?.snapshot().board.records ?? []).map(({ record }) => record.key).sort();

const ALL = ['alive:one', 'run:kept', 'task:kept'];

describe('a node whose records are gone', () => {
  it.each(['records', 'changes', 'expiry', 'runs'] as const)(
    'is refilled, and it is told that one of its keys was removed: %s',
    async (part) => {
      const stage = await startStage();
      stage.nodes[1]?.evictBoard(part);
      await stage.clock.advance(CONVERGES_WITHIN_MS);
      expect(keysOf(stage, 1)).toEqual(ALL);
      expect(toldBy(stage)).toEqual(['evicted: DSCHED_BOARD_LOST: node 2']);
      expect(stage.events).toHaveLength(stage.boards.length);
    },
  );

  it('is refilled when it was emptied, which is told, and when its server has restarted, which is told elsewhere', async () => {
    const stage = await startStage();
    stage.nodes[2]?.loseMemory('restart');
    await stage.clock.advance(CONVERGES_WITHIN_MS);
    expect([keysOf(stage, 2), stage.events]).toEqual([ALL, []]);
    stage.nodes[0]?.loseMemory('flush');
    await stage.clock.advance(CONVERGES_WITHIN_MS);
    expect(keysOf(stage, 0)).toEqual(ALL);
    expect(toldBy(stage)).toEqual(['emptied: DSCHED_BOARD_LOST: node 1']);
  });

  it('is told once a minute at most, as by a store that goes on to evict', async () => {
    const stage = await startStage();
    for (let second = 0; second < 100; second += 10) {
      stage.nodes[0]?.evictBoard('changes');
      await stage.clock.advance(10_000);
    }
    expect(stage.events).toHaveLength(2 * stage.boards.length);
  });

  it('is told to have been away where that is why', async () => {
    const stage = await startStage();
    stage.cutOff(0);
    await stage.passes(TOMBSTONE_TTL_MS);
    stage.heal();
    await stage.clock.advance(CONVERGES_WITHIN_MS);
    expect(keysOf(stage, 0)).toEqual(ALL);
    expect(toldBy(stage)).toEqual(['away: DSCHED_BOARD_LOST: node 1']);
  });

  it('is told by nobody who has not known it before', async () => {
    const stage = await startStage();
    stage.nodes[1]?.evictBoard('changes');
    await stage.clock.advance(CONVERGES_WITHIN_MS);
    stage.events.length = 0;
    stage.join();
    await stage.clock.advance(CONVERGES_WITHIN_MS);
    expect(stage.events).toEqual([]);
  });
});

describe('boards that nobody has to refill', () => {
  it('tell each node that it is in touch, and write that a few times a minute only', async () => {
    const stage = await startStage();
    const seen = stage.nodes.map(() => new Set<number>());
    for (let second = 0; second < 120; second += 1) {
      stage.board(0).post('run:kept', String(second), TOMBSTONE_TTL_MS);
      await stage.clock.advance(1_000);
      for (const [index, node] of stage.nodes.entries()) {
        const { inTouchMs } = node.snapshot().board;
        expect(stage.clock.wallMs() - inTouchMs).toBeLessThan(15_000);
        seen[index]?.add(inTouchMs);
      }
    }
    for (const { size } of seen) expect(size).toBeLessThan(30);
  });

  it('do not say so of a node whose answers are lost', async () => {
    const stage = await startStage();
    const sinceMs = stage.clock.wallMs();
    // Its answers are lost, so nobody knows what it keeps.
    for (const board of stage.boards.keys()) stage.link(board, 2, 'deaf');
    await stage.ending(stage.board(1).put('task:more', '1'));
    await stage.clock.advance(60_000);
    expect(stage.nodes[2]?.snapshot().board.inTouchMs).toBeLessThanOrEqual(sinceMs);
    expect(stage.nodes[1]?.snapshot().board.inTouchMs).toBeGreaterThan(sinceMs);
  });
});
