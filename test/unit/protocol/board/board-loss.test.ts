/** A node that has lost its records, or was made to forget them, is refilled, and every instance that notices says why. */

import { describe, expect, it } from 'vitest';
import { TOMBSTONE_TTL_MS } from '#src/protocol/board/board-keys.js';
import { BoardWorld, CONVERGES_WITHIN_MS } from './board-world.js';

async function startWorld(): Promise<BoardWorld> {
  const world = new BoardWorld({ boards: 2 });
  await world.clock.advance(50);
  await world.ending(world.board(0).put('task:kept', '1'));
  await world.ending(world.board(0).put('alive:one', '1', 2 * TOMBSTONE_TTL_MS));
  world.board(0).post('run:kept', '1', 2 * TOMBSTONE_TTL_MS);
  await world.clock.advance(20_000);
  return world;
}

/** What was told: by which instance does not matter. */
function toldBy({ events }: BoardWorld): readonly string[] {
  const told = events.flatMap((event) =>
    event.type === 'error' ? [event.error as { message: string; value: unknown }] : [],
  );
  return [
    ...new Set(
      told.map(({ message, value }) => `${String(value)}: ${message.split(' ').slice(0, 3).join(' ')}`),
    ),
  ];
}

const keysOf = (world: BoardWorld, node: number): readonly string[] =>
  (world.nodes[node]?.snapshot().board.records ?? []).map(({ record }) => record.key).sort();

const ALL = ['alive:one', 'run:kept', 'task:kept'];

describe('a node whose records are gone', () => {
  it.each(['records', 'changes', 'expiry', 'runs'] as const)(
    'is refilled, and it is told that one of its keys was removed: %s',
    async (part) => {
      const world = await startWorld();
      world.nodes[1]?.evictBoard(part);
      await world.clock.advance(CONVERGES_WITHIN_MS);
      expect(keysOf(world, 1)).toEqual(ALL);
      expect(toldBy(world)).toEqual(['evicted: DSCHED_BOARD_LOST: node 2']);
      expect(world.events).toHaveLength(world.boards.length);
    },
  );

  it('is refilled when it was emptied, which is told, and when its server has restarted, which is told elsewhere', async () => {
    const world = await startWorld();
    world.nodes[2]?.loseMemory('restart');
    await world.clock.advance(CONVERGES_WITHIN_MS);
    expect([keysOf(world, 2), world.events]).toEqual([ALL, []]);
    world.nodes[0]?.loseMemory('flush');
    await world.clock.advance(CONVERGES_WITHIN_MS);
    expect(keysOf(world, 0)).toEqual(ALL);
    expect(toldBy(world)).toEqual(['emptied: DSCHED_BOARD_LOST: node 1']);
  });

  it('is told once a minute at most, as by a store that goes on to evict', async () => {
    const world = await startWorld();
    for (let second = 0; second < 100; second += 10) {
      world.nodes[0]?.evictBoard('changes');
      await world.clock.advance(10_000);
    }
    expect(world.events).toHaveLength(2 * world.boards.length);
  });

  it('is told to have been away where that is why', async () => {
    const world = await startWorld();
    world.cutOff(0);
    await world.passes(TOMBSTONE_TTL_MS);
    world.heal();
    await world.clock.advance(CONVERGES_WITHIN_MS);
    expect(keysOf(world, 0)).toEqual(ALL);
    expect(toldBy(world)).toEqual(['away: DSCHED_BOARD_LOST: node 1']);
  });

  it('is told by nobody who has not known it before', async () => {
    const world = await startWorld();
    world.nodes[1]?.evictBoard('changes');
    await world.clock.advance(CONVERGES_WITHIN_MS);
    world.events.length = 0;
    world.join();
    await world.clock.advance(CONVERGES_WITHIN_MS);
    expect(world.events).toEqual([]);
  });
});

describe('boards that nobody has to refill', () => {
  it('tell each node that it is in touch, and write that a few times a minute only', async () => {
    const world = await startWorld();
    const seen = world.nodes.map(() => new Set<number>());
    for (let second = 0; second < 120; second += 1) {
      world.board(0).post('run:kept', String(second), TOMBSTONE_TTL_MS);
      await world.clock.advance(1_000);
      for (const [index, node] of world.nodes.entries()) {
        const { inTouchMs } = node.snapshot().board;
        expect(world.clock.wallMs() - inTouchMs).toBeLessThan(15_000);
        seen[index]?.add(inTouchMs);
      }
    }
    for (const { size } of seen) expect(size).toBeLessThan(30);
  });

  it('do not say so of a node whose answers are lost', async () => {
    const world = await startWorld();
    const sinceMs = world.clock.wallMs();
    // Its answers are lost, so nobody knows what it keeps.
    for (const board of world.boards.keys()) world.link(board, 2, 'deaf');
    await world.ending(world.board(1).put('task:more', '1'));
    await world.clock.advance(60_000);
    expect(world.nodes[2]?.snapshot().board.inTouchMs).toBeLessThanOrEqual(sinceMs);
    expect(world.nodes[1]?.snapshot().board.inTouchMs).toBeGreaterThan(sinceMs);
  });
});
