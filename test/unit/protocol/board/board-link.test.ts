import { describe, expect, it } from 'vitest';
import { Board } from '#src/protocol/board/board.js';
import type { BoardNode } from '#src/protocol/board/board-node.js';
import { BOARD_PERIOD_MS } from '#src/protocol/board/board-record.js';
import type { ScheduleEvent } from '#src/protocol/contract/observer.js';
import { ManualClock } from '#src/testing/manual-clock.js';
import { SeededRandom } from '#src/testing/seeded-random.js';

interface Stage {
  readonly clock: ManualClock;
  readonly board: Board;
  readonly events: ScheduleEvent[];
}

function boardOver(exchange: BoardNode['exchange']): Stage {
  const clock = new ManualClock();
  const events: ScheduleEvent[] = [];
  const board = new Board({
    nodes: [{ label: 'node 1', exchange }],
    clock,
    clusterClock: { nowMs: () => clock.wallMs(), synchronised: true },
    random: new SeededRandom(1),
    observer: { observe: (event) => events.push(event) },
  });
  board.start();
  return { clock, board, events };
}

describe('the exchange with one node', () => {
  it('ends a put whose message could not even be sent, since the adapter throws at once', async () => {
    const { clock, board, events } = boardOver(() => {
      throw new TypeError('a broken adapter');
    });
    let kind: string | undefined;
    void board.put('a', '1').then((verdict) => {
      kind = verdict.kind;
    });
    for (let ms = 0; ms < 3_000 && kind === undefined; ms += 10) await clock.advance(10);
    expect(kind).toBe('unheard');
    expect(String(events[0]?.type === 'error' && events[0].error)).toContain('a broken adapter');
  });

  it('does not remember a record that has expired while it was on its way', async () => {
    let slowMs = 0;
    const { clock, board } = boardOver(async (puts) => {
      if (puts.length > 0) await clock.sleepUntil(clock.monotonicMs() + slowMs);
      return {
        answered: true,
        nodeTimeMs: 1,
        value: {
          cursor: { memory: 'e', sequence: 0 },
          hasMore: false,
          inTouchMs: 0,
          puts: puts.map(() => 'stored' as const),
          changes: [],
        },
      };
    });
    const { links } = board as unknown as {
      links: { all: { reading: { debts: { known: ReadonlyMap<string, unknown> } } }[] };
    };
    await clock.advance(10);
    board.post('stays', '1', 60_000);
    board.flush();
    await clock.advance(10);
    slowMs = 2_000;
    board.post('goes', '1', 500);
    board.flush();
    for (let ms = 0; ms < 5_000; ms += 100) await clock.advance(100);
    expect([...(links.all[0]?.reading.debts.known.keys() ?? [])]).toEqual(['stays']);
  });

  it('ends a put while a node that was away falls silent before it has thrown away what it kept', async () => {
    const clock = new ManualClock();
    const longAgoMs = clock.wallMs() - 86_400_000;
    let isSilent = false;
    let messages = 0;
    const answering = (inTouchMs: () => number): BoardNode['exchange'] => {
      return async (puts) => ({
        answered: true,
        nodeTimeMs: 1,
        value: {
          cursor: { memory: 'e', sequence: 0 },
          hasMore: false,
          inTouchMs: inTouchMs(),
          puts: puts.map(() => 'stored' as const),
          changes: [],
        },
      });
    };
    const away = answering(() => longAgoMs);
    const there = answering(() => clock.wallMs());
    const board = new Board({
      nodes: [
        {
          label: 'node 1',
          exchange: async (puts, cursor, word) => {
            messages += 1;
            if (word !== undefined && word.awaySinceMs > 0) isSilent = true;
            return isSilent ? { answered: false, reason: 'gone' } : away(puts, cursor, word);
          },
        },
        { label: 'node 2', exchange: there },
        { label: 'node 3', exchange: there },
      ],
      clock,
      clusterClock: { nowMs: () => clock.wallMs(), synchronised: true },
      random: new SeededRandom(1),
      observer: { observe: () => undefined },
    });
    board.start();
    await clock.advance(100);
    expect(isSilent).toBe(true);
    let kind: string | undefined;
    void board.put('a', '1').then((verdict) => {
      kind = verdict.kind;
    });
    for (let ms = 0; ms < 3_000 && kind === undefined; ms += 10) await clock.advance(10);
    expect(kind).toBe('kept');
    const before = messages;
    await clock.advance(8_000);
    // Once a period.
    expect(messages - before).toBeLessThan(15);
  });

  it('tells that the node is full once, and again when it still or anew is after an hour', async () => {
    const { clock, board, events } = boardOver(async (puts) => ({
      answered: true,
      nodeTimeMs: 1,
      value: {
        cursor: { memory: 'e', sequence: 0 },
        hasMore: false,
        inTouchMs: 0,
        puts: puts.map(() => 'full' as const),
        changes: [],
      },
    }));
    const post = async (key: string): Promise<void> => {
      board.post(key, '1');
      board.flush();
      await clock.advance(100);
    };
    await clock.advance(10);
    await post('a');
    await post('b');
    expect(events).toMatchObject([{ type: 'error', error: { code: 'DSCHED_BOARD_FULL' } }]);
    clock.jump(3_600_000);
    await post('c');
    expect(events).toHaveLength(2);
  });

  it('goes with a beat where it is nearly due, and by itself where no beat comes', async () => {
    const sentMs: number[] = [];
    const { clock, board } = boardOver(async () => {
      sentMs.push(clock.monotonicMs());
      return { answered: false, reason: 'no answer is needed' };
    });
    const startMs = clock.monotonicMs();
    // The one of the start has gone by then.
    const passed = (): readonly number[] => sentMs.splice(0).map((ms) => ms - startMs);
    await clock.advance(1_000);
    board.joinBeat();
    await clock.advance(0);
    expect(passed()).toEqual([1_000]);
    await clock.advance(400);
    board.joinBeat();
    await clock.advance(0);
    expect(passed()).toEqual([]);
    await clock.advance(1_000);
    expect(passed()).toEqual([1_000 + BOARD_PERIOD_MS]);
    await board.stop();
  });
});
