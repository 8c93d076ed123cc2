import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BoardMap } from '#src/protocol/board/board-map.js';
import type { BoardRecord } from '#src/protocol/board/board-record.js';
import { BoardStage, CONVERGES_WITHIN_MS } from './board-stage.js';

const BOARDS = 3;
const NODES = 3;
const index = fc.nat({ max: 2 });
const key = fc.constantFrom('a', 'b', 'c');

const step = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('put' as const), board: index, key, value: fc.nat() }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('post' as const), board: index, key, value: fc.nat() }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('delete' as const), board: index, key }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('link' as const),
      board: index,
      node: index,
      state: fc.constantFrom('open' as const, 'cut' as const, 'deaf' as const),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('forget' as const), node: index }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('wait' as const), ms: fc.integer({ min: 0, max: 2_000 }) }),
  },
);

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

async function take(stage: BoardStage, step: Step): Promise<void> {
  switch (step.kind) {
    case 'put':
      void stage.board(step.board).put(step.key, String(step.value));
      return;
    case 'post':
      stage.board(step.board).post(step.key, String(step.value));
      return;
    case 'delete':
      void stage.board(step.board).delete(step.key);
      return;
    case 'link':
      stage.link(step.board, step.node, step.state);
      return;
    case 'forget':
      stage.nodes[step.node]?.loseMemory('flush');
      return;
    case 'wait':
      await stage.clock.advance(step.ms);
      return;
    default:
      step satisfies never;
  }
}

const shown = (stage: BoardStage): unknown[] =>
  stage.boards.map((board) => board.list('').map(({ key, value, writtenMs }) => [key, value, writtenMs]));

describe('boards', () => {
  it('end with the same records whatever was written, cut, lost and forgotten', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 25 }), fc.nat(), async (steps, seed) => {
        const stage = new BoardStage({ boards: BOARDS, nodes: NODES, seed });
        await stage.clock.advance(50);
        for (const one of steps) await take(stage, one);
        // Whatever is still being tried ends first.
        await stage.clock.advance(2_000);
        stage.heal();
        await stage.clock.advance(CONVERGES_WITHIN_MS);
        const newcomer = stage.join();
        await stage.clock.advance(50);
        expect(newcomer.isCurrent).toBe(true);
        const views = shown(stage);
        for (const view of views) expect(view).toEqual(views[0]);
        await stage.stop();
      }),
      { numRuns: 60 },
    );
  }, 60_000);

  it('show the same records in whatever order these have come', () => {
    const record: fc.Arbitrary<BoardRecord> = fc.record({
      key,
      value: fc.constantFrom('', '1', '2'),
      stamp: fc.record({
        ms: fc.nat({ max: 3 }),
        counter: fc.nat({ max: 2 }),
        writer: fc.constantFrom('0a', '0b'),
      }),
      expiresAtMs: fc.constant(undefined),
    });
    // One writer gives one stamp to one value.
    const byStamp = (one: BoardRecord): string => JSON.stringify([one.key, one.stamp]);
    const history = fc.uniqueArray(record, { selector: byStamp, maxLength: 20 });
    fc.assert(
      fc.property(
        history.chain((list) =>
          fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
        ),
        ([list, shuffled]) => {
          const merge = (records: readonly BoardRecord[]): readonly BoardRecord[] => {
            const map = new BoardMap();
            for (const one of records) map.merge(one, 0);
            return map.list('', 0);
          };
          expect(merge(shuffled)).toEqual(merge(list));
        },
      ),
    );
  });
});
