/** A cluster that was down as a whole, of which one node had gone before, or comes back empty. */

import { describe, expect, it } from 'vitest';
import { BoardStage, CONVERGES_WITHIN_MS } from './board-stage.js';

const HOUR_MS = 3_600_000;
const SECOND_MS = 1_000;

async function filled(records: number): Promise<BoardStage> {
  const stage = new BoardStage({ boards: 1 });
  await stage.clock.advance(50);
  for (let index = 0; index < records; index += 1) stage.board(0).post(`pause:${index}`, '1');
  await stage.clock.advance(60 * SECOND_MS);
  for (const node of stage.nodes) expect(node.snapshot().board.records.length).toBe(records);
  return stage;
}

async function after(stage: BoardStage, boards = 1): Promise<readonly number[]> {
  const newcomers = Array.from({ length: boards }, () => stage.join());
  await stage.clock.advance(4 * CONVERGES_WITHIN_MS);
  return newcomers.map((board) => board.list('pause:').length);
}

async function down(stage: BoardStage, hours: number, empty: readonly number[]): Promise<void> {
  const files = stage.nodes.map((node) => node.snapshot());
  await stage.stop();
  stage.clock.jump(hours * HOUR_MS);
  for (const [index, node] of stage.nodes.entries()) {
    const file = files[index];
    if (empty.includes(index)) node.loseMemory('restart');
    else if (file !== undefined) node.restartFrom(file);
  }
}

describe.each([10, 600, 1_200, 3_000])('a cluster that was down over night, %i records', (records) => {
  it.each([1, 2, 5])('one node comes back empty; %i instances', async (boards) => {
    const stage = await filled(records);
    await down(stage, 14, [0]);
    expect(await after(stage, boards)).toEqual(Array(boards).fill(records));
  });

  it.each([1, 2, 5])('one node had gone a day before; %i instances', async (boards) => {
    const stage = await filled(records);
    stage.cutOff(0);
    await stage.passes(24 * HOUR_MS);
    await down(stage, 60, []);
    stage.heal();
    expect(await after(stage, boards)).toEqual(Array(boards).fill(records));
  });

  it.each([1, 2, 5])('instances come one after the other, one node empty; %i', async (boards) => {
    const stage = await filled(records);
    await down(stage, 14, [0]);
    // An instance that has a cluster time from elsewhere.
    const first = stage.join();
    await stage.clock.advance(5);
    const rest = await after(stage, boards);
    expect([first.list('pause:').length, ...rest]).toEqual(Array(boards + 1).fill(records));
  });

  it('one node comes back empty, and the others answer slowly', async () => {
    const stage = await filled(records);
    await down(stage, 14, [0]);
    for (const slow of [1, 2]) stage.delay(slow, 190);
    expect(await after(stage, 1)).toEqual([records]);
  });
});
