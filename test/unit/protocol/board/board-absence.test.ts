/** A deletion is remembered for a day. Whoever was away for longer must not bring back what was deleted meanwhile. */

import { describe, expect, it } from 'vitest';
import { TOMBSTONE_TTL_MS } from '#src/protocol/board/board-keys.js';
import { BOARD_PERIOD_MS } from '#src/protocol/board/board-record.js';
import { BoardStage, CONVERGES_WITHIN_MS } from './board-stage.js';

const HOUR_MS = 3_600_000;
const SECOND_MS = 1_000;
const LONG_MS = TOMBSTONE_TTL_MS + 4 * HOUR_MS;

async function startStage(boards = 2): Promise<BoardStage> {
  const stage = new BoardStage({ boards });
  await stage.clock.advance(50);
  await stage.ending(stage.board(0).put('task:gone', '1'));
  await stage.ending(stage.board(0).put('task:kept', '1'));
  await stage.clock.advance(60 * SECOND_MS);
  return stage;
}

const shown = (stage: BoardStage, board: number): readonly string[] =>
  stage
    .board(board)
    .list('task:')
    .map(({ key }) => key);

/** What an instance reads that comes when all others have gone. */
async function readByNewcomer(stage: BoardStage): Promise<readonly string[]> {
  await stage.stop();
  const newcomer = stage.join();
  await stage.clock.advance(CONVERGES_WITHIN_MS);
  expect(newcomer.isCurrent).toBe(true);
  return newcomer.list('task:').map(({ key }) => key);
}

describe('a node that was away for longer than deletions are remembered', () => {
  it.each(['unreachable', 'restarted from its file'])('brings nothing back: %s', async (how) => {
    const stage = await startStage();
    const file = stage.nodes[0]?.snapshot();
    stage.cutOff(0);
    await stage.ending(stage.board(0).delete('task:gone'));
    await stage.ending(stage.board(0).put('task:new', '1'));
    await stage.passes(LONG_MS);
    if (how !== 'unreachable' && file !== undefined) stage.nodes[0]?.restartFrom(file);
    stage.heal();
    await stage.clock.advance(CONVERGES_WITHIN_MS);
    expect([shown(stage, 0), shown(stage, 1)]).toEqual(Array(2).fill(['task:kept', 'task:new']));
    expect(await readByNewcomer(stage)).toEqual(['task:kept', 'task:new']);
  });

  it('is refilled from the others', async () => {
    const stage = await startStage();
    stage.cutOff(0);
    await stage.passes(LONG_MS);
    stage.heal();
    await stage.clock.advance(CONVERGES_WITHIN_MS);
    await stage.stop();
    stage.nodes[1]?.loseMemory('restart');
    stage.nodes[2]?.loseMemory('restart');
    const newcomer = stage.join();
    await stage.clock.advance(CONVERGES_WITHIN_MS);
    expect(newcomer.list('task:').map(({ key }) => key)).toEqual(['task:gone', 'task:kept']);
  });

  it('brings nothing back to an instance that starts while it is back, whoever answers first', async () => {
    const stage = await startStage();
    stage.cutOff(0);
    await stage.ending(stage.board(0).delete('task:gone'));
    await stage.passes(LONG_MS);
    await stage.stop();
    stage.heal();
    for (const slow of [1, 2]) stage.delay(slow, 80);
    const newcomer = stage.join();
    await stage.clock.advance(CONVERGES_WITHIN_MS);
    expect(newcomer.list('task:').map(({ key }) => key)).toEqual(['task:kept']);
  });

  it('is one also where it was reached all the time by an instance that reached nobody else', async () => {
    const stage = await startStage(3);
    stage.link(2, 1, 'cut');
    stage.link(2, 2, 'cut');
    stage.link(0, 0, 'cut');
    stage.link(1, 0, 'cut');
    await stage.ending(stage.board(0).delete('task:gone'));
    await stage.passes(LONG_MS);
    stage.heal();
    await stage.clock.advance(CONVERGES_WITHIN_MS);
    for (const board of [0, 1, 2]) expect(shown(stage, board)).toEqual(['task:kept']);
    expect(await readByNewcomer(stage)).toEqual(['task:kept']);
  });

  it('is one when the others were there two hours longer and then all of them were down', async () => {
    const stage = await startStage();
    stage.cutOff(0);
    await stage.ending(stage.board(0).delete('task:gone'));
    await stage.passes(2 * HOUR_MS);
    await stage.stop();
    stage.clock.jump(LONG_MS);
    stage.heal();
    const newcomer = stage.join();
    await stage.clock.advance(CONVERGES_WITHIN_MS);
    expect(newcomer.list('task:').map(({ key }) => key)).toEqual(['task:kept']);
  });
});

describe('a cluster that was down for days', () => {
  it('keeps everything: no node was away while others were there', async () => {
    const stage = await startStage();
    const files = stage.nodes.map((node) => node.snapshot());
    await stage.stop();
    stage.clock.jump(5 * LONG_MS);
    for (const [index, node] of stage.nodes.entries()) {
      const file = files[index];
      if (file !== undefined) node.restartFrom(file);
    }
    const newcomer = stage.join();
    await stage.clock.advance(CONVERGES_WITHIN_MS);
    expect(newcomer.list('task:').map(({ key }) => key)).toEqual(['task:gone', 'task:kept']);
  });
});

describe('an instance that was suspended for longer than deletions are remembered', () => {
  it.each([
    ['by its wall clock, since its other one stood still', true],
    ['also by its other clock, where that went on', false],
  ])('takes in no answer before it has counted that: %s', async (_how, standsStill) => {
    const stage = await startStage();
    if (standsStill) stage.suspend(1);
    else for (const node of [0, 1, 2]) stage.link(1, node, 'cut');
    await stage.ending(stage.board(0).delete('task:gone'));
    await stage.passes(LONG_MS);
    await stage.resume(1);
    stage.heal();
    await stage.clock.advance(CONVERGES_WITHIN_MS);
    expect([shown(stage, 0), shown(stage, 1)]).toEqual([['task:kept'], ['task:kept']]);
    expect(await readByNewcomer(stage)).toEqual(['task:kept']);
  });

  it('brings nothing back together with the node beside it, which answers first', async () => {
    const stage = await startStage();
    stage.suspend(1);
    stage.cutOff(0);
    await stage.ending(stage.board(0).delete('task:gone'));
    await stage.passes(LONG_MS);
    stage.heal();
    for (const slow of [1, 2]) stage.delay(slow, 80);
    await stage.resume(1);
    await stage.clock.advance(CONVERGES_WITHIN_MS);
    expect([shown(stage, 0), shown(stage, 1)]).toEqual([['task:kept'], ['task:kept']]);
  });

  it('shows what it knew until it has read anew, so that a paused task does not run for a moment', async () => {
    const stage = await startStage();
    await stage.ending(stage.board(0).put('pause:settle', '1'));
    await stage.clock.advance(2 * SECOND_MS);
    stage.suspend(1);
    await stage.passes(LONG_MS);
    const seen = new Set<string | undefined>();
    stage.board(1).watch(() => seen.add(stage.board(1).get('pause:settle')));
    await stage.resume(1);
    for (let ms = 0; ms < CONVERGES_WITHIN_MS; ms += 1) {
      await stage.clock.advance(1);
      seen.add(stage.board(1).get('pause:settle'));
    }
    expect([...seen]).toEqual(['1']);
  });

  it('takes in no answer that lay in a buffer meanwhile', async () => {
    const stage = await startStage();
    await stage.ending(stage.board(0).put('task:brief', '1'));
    const told: string[] = [];
    stage.board(1).watch((keys) => told.push(...keys));
    stage.board(1).flush();
    await stage.clock.advance(0);
    stage.suspend(1);
    await stage.ending(stage.board(0).delete('task:brief'));
    await stage.passes(LONG_MS);
    await stage.resume(1);
    await stage.clock.advance(CONVERGES_WITHIN_MS);
    expect(told).toContain('task:kept');
    expect(told).not.toContain('task:brief');
  });

  it('does not put what a node had lacked before', async () => {
    const stage = await startStage();
    const untilPhase = (ms: number): Promise<void> => {
      const phaseMs = stage.clock.monotonicMs() % BOARD_PERIOD_MS;
      return stage.clock.advance((ms - phaseMs + BOARD_PERIOD_MS) % BOARD_PERIOD_MS);
    };
    stage.link(1, 2, 'cut');
    stage.link(0, 2, 'cut');
    await stage.ending(stage.board(1).put('task:brief', '1'));
    // Its exchange is due before it looks at the time by itself.
    await untilPhase(400);
    stage.board(1).flush();
    await untilPhase(100);
    stage.suspend(1);
    stage.heal();
    await stage.ending(stage.board(0).delete('task:brief'));
    await stage.passes(LONG_MS);
    await stage.resume(1);
    await stage.clock.advance(CONVERGES_WITHIN_MS);
    expect(shown(stage, 0)).toEqual(['task:gone', 'task:kept']);
  });

  it('does not put what it was about to put', async () => {
    const stage = await startStage();
    for (const node of [0, 1, 2]) stage.link(1, node, 'cut');
    const put = stage.board(1).put('task:gone', '2');
    await stage.clock.advance(200);
    stage.suspend(1);
    await stage.ending(stage.board(0).delete('task:gone'));
    await stage.passes(LONG_MS);
    stage.heal();
    await stage.resume(1);
    expect(await stage.ending(put)).toMatchObject({ kind: 'unheard' });
    await stage.clock.advance(CONVERGES_WITHIN_MS);
    expect(shown(stage, 0)).toEqual(['task:kept']);
  });
});
