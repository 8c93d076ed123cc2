/** A deletion is remembered for a day. Whoever was away for longer must not bring back what was deleted meanwhile. */

import { describe, expect, it } from 'vitest';
import { TOMBSTONE_TTL_MS } from '#src/protocol/board/board-keys.js';
import { BOARD_PERIOD_MS } from '#src/protocol/board/board-record.js';
import { BoardWorld, CONVERGES_WITHIN_MS } from './board-world.js';

const HOUR_MS = 3_600_000;
const SECOND_MS = 1_000;
const LONG_MS = TOMBSTONE_TTL_MS + 4 * HOUR_MS;

async function startWorld(boards = 2): Promise<BoardWorld> {
  const world = new BoardWorld({ boards });
  await world.clock.advance(50);
  await world.ending(world.board(0).put('task:gone', '1'));
  await world.ending(world.board(0).put('task:kept', '1'));
  await world.clock.advance(60 * SECOND_MS);
  return world;
}

const shown = (world: BoardWorld, board: number): readonly string[] =>
  world
    .board(board)
    .list('task:')
    .map(({ key }) => key);

/** What an instance reads that comes when all others have gone. */
async function readByNewcomer(world: BoardWorld): Promise<readonly string[]> {
  await world.stop();
  const newcomer = world.join();
  await world.clock.advance(CONVERGES_WITHIN_MS);
  expect(newcomer.isCurrent).toBe(true);
  return newcomer.list('task:').map(({ key }) => key);
}

describe('a node that was away for longer than deletions are remembered', () => {
  it.each(['unreachable', 'restarted from its file'])('brings nothing back: %s', async (how) => {
    const world = await startWorld();
    const file = world.nodes[0]?.snapshot();
    world.cutOff(0);
    await world.ending(world.board(0).delete('task:gone'));
    await world.ending(world.board(0).put('task:new', '1'));
    await world.passes(LONG_MS);
    if (how !== 'unreachable' && file !== undefined) world.nodes[0]?.restartFrom(file);
    world.heal();
    await world.clock.advance(CONVERGES_WITHIN_MS);
    expect([shown(world, 0), shown(world, 1)]).toEqual(Array(2).fill(['task:kept', 'task:new']));
    expect(await readByNewcomer(world)).toEqual(['task:kept', 'task:new']);
  });

  it('is refilled from the others', async () => {
    const world = await startWorld();
    world.cutOff(0);
    await world.passes(LONG_MS);
    world.heal();
    await world.clock.advance(CONVERGES_WITHIN_MS);
    await world.stop();
    world.nodes[1]?.loseMemory('restart');
    world.nodes[2]?.loseMemory('restart');
    const newcomer = world.join();
    await world.clock.advance(CONVERGES_WITHIN_MS);
    expect(newcomer.list('task:').map(({ key }) => key)).toEqual(['task:gone', 'task:kept']);
  });

  it('brings nothing back to an instance that starts while it is back, whoever answers first', async () => {
    const world = await startWorld();
    world.cutOff(0);
    await world.ending(world.board(0).delete('task:gone'));
    await world.passes(LONG_MS);
    await world.stop();
    world.heal();
    for (const slow of [1, 2]) world.delay(slow, 80);
    const newcomer = world.join();
    await world.clock.advance(CONVERGES_WITHIN_MS);
    expect(newcomer.list('task:').map(({ key }) => key)).toEqual(['task:kept']);
  });

  it('is one also where it was reached all the time by an instance that reached nobody else', async () => {
    const world = await startWorld(3);
    world.link(2, 1, 'cut');
    world.link(2, 2, 'cut');
    world.link(0, 0, 'cut');
    world.link(1, 0, 'cut');
    await world.ending(world.board(0).delete('task:gone'));
    await world.passes(LONG_MS);
    world.heal();
    await world.clock.advance(CONVERGES_WITHIN_MS);
    for (const board of [0, 1, 2]) expect(shown(world, board)).toEqual(['task:kept']);
    expect(await readByNewcomer(world)).toEqual(['task:kept']);
  });

  it('is one when the others were there two hours longer and then all of them were down', async () => {
    const world = await startWorld();
    world.cutOff(0);
    await world.ending(world.board(0).delete('task:gone'));
    await world.passes(2 * HOUR_MS);
    await world.stop();
    world.clock.jump(LONG_MS);
    world.heal();
    const newcomer = world.join();
    await world.clock.advance(CONVERGES_WITHIN_MS);
    expect(newcomer.list('task:').map(({ key }) => key)).toEqual(['task:kept']);
  });
});

describe('a cluster that was down for days', () => {
  it('keeps everything: no node was away while others were there', async () => {
    const world = await startWorld();
    const files = world.nodes.map((node) => node.snapshot());
    await world.stop();
    world.clock.jump(5 * LONG_MS);
    for (const [index, node] of world.nodes.entries()) {
      const file = files[index];
      if (file !== undefined) node.restartFrom(file);
    }
    const newcomer = world.join();
    await world.clock.advance(CONVERGES_WITHIN_MS);
    expect(newcomer.list('task:').map(({ key }) => key)).toEqual(['task:gone', 'task:kept']);
  });
});

describe('an instance that was suspended for longer than deletions are remembered', () => {
  it.each([
    ['by its wall clock, since its other one stood still', true],
    ['also by its other clock, where that went on', false],
  ])('takes in no answer before it has counted that: %s', async (_how, standsStill) => {
    const world = await startWorld();
    if (standsStill) world.suspend(1);
    else for (const node of [0, 1, 2]) world.link(1, node, 'cut');
    await world.ending(world.board(0).delete('task:gone'));
    await world.passes(LONG_MS);
    await world.resume(1);
    world.heal();
    await world.clock.advance(CONVERGES_WITHIN_MS);
    expect([shown(world, 0), shown(world, 1)]).toEqual([['task:kept'], ['task:kept']]);
    expect(await readByNewcomer(world)).toEqual(['task:kept']);
  });

  it('brings nothing back together with the node beside it, which answers first', async () => {
    const world = await startWorld();
    world.suspend(1);
    world.cutOff(0);
    await world.ending(world.board(0).delete('task:gone'));
    await world.passes(LONG_MS);
    world.heal();
    for (const slow of [1, 2]) world.delay(slow, 80);
    await world.resume(1);
    await world.clock.advance(CONVERGES_WITHIN_MS);
    expect([shown(world, 0), shown(world, 1)]).toEqual([['task:kept'], ['task:kept']]);
  });

  it('shows what it knew until it has read anew, so that a paused task does not run for a moment', async () => {
    const world = await startWorld();
    await world.ending(world.board(0).put('pause:settle', '1'));
    await world.clock.advance(2 * SECOND_MS);
    world.suspend(1);
    await world.passes(LONG_MS);
    const seen = new Set<string | undefined>();
    world.board(1).watch(() => seen.add(world.board(1).get('pause:settle')));
    await world.resume(1);
    for (let ms = 0; ms < CONVERGES_WITHIN_MS; ms += 1) {
      await world.clock.advance(1);
      seen.add(world.board(1).get('pause:settle'));
    }
    expect([...seen]).toEqual(['1']);
  });

  it('takes in no answer that lay in a buffer meanwhile', async () => {
    const world = await startWorld();
    await world.ending(world.board(0).put('task:brief', '1'));
    const told: string[] = [];
    world.board(1).watch((keys) => told.push(...keys));
    world.board(1).flush();
    await world.clock.advance(0);
    world.suspend(1);
    await world.ending(world.board(0).delete('task:brief'));
    await world.passes(LONG_MS);
    await world.resume(1);
    await world.clock.advance(CONVERGES_WITHIN_MS);
    expect(told).toContain('task:kept');
    expect(told).not.toContain('task:brief');
  });

  it('does not put what a node had lacked before', async () => {
    const world = await startWorld();
    const untilPhase = (ms: number): Promise<void> => {
      const phaseMs = world.clock.monotonicMs() % BOARD_PERIOD_MS;
      return world.clock.advance((ms - phaseMs + BOARD_PERIOD_MS) % BOARD_PERIOD_MS);
    };
    world.link(1, 2, 'cut');
    world.link(0, 2, 'cut');
    await world.ending(world.board(1).put('task:brief', '1'));
    // Its exchange is due before it looks at the time by itself.
    await untilPhase(400);
    world.board(1).flush();
    await untilPhase(100);
    world.suspend(1);
    world.heal();
    await world.ending(world.board(0).delete('task:brief'));
    await world.passes(LONG_MS);
    await world.resume(1);
    await world.clock.advance(CONVERGES_WITHIN_MS);
    expect(shown(world, 0)).toEqual(['task:gone', 'task:kept']);
  });

  it('does not put what it was about to put', async () => {
    const world = await startWorld();
    for (const node of [0, 1, 2]) world.link(1, node, 'cut');
    const put = world.board(1).put('task:gone', '2');
    await world.clock.advance(200);
    world.suspend(1);
    await world.ending(world.board(0).delete('task:gone'));
    await world.passes(LONG_MS);
    world.heal();
    await world.resume(1);
    expect(await world.ending(put)).toMatchObject({ kind: 'unheard' });
    await world.clock.advance(CONVERGES_WITHIN_MS);
    expect(shown(world, 0)).toEqual(['task:kept']);
  });
});
