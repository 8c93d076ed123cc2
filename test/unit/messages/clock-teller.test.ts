import { describe, expect, it } from 'vitest';
import type { ClockView } from '#src/messages/clock-teller.js';
import { ClockTeller } from '#src/messages/clock-teller.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const SECONDS = [0, 1, 2, 3, 4].map((second) => second * 1_000);

/** What is said when this is seen once a second from then on. */
function saidFrom(teller: ClockTeller, nowMs: number, view: Partial<ClockView>): readonly string[] {
  const seen = { setBackMs: {}, nodes: 3, aheadMs: 0, ...view };
  return SECONDS.flatMap((afterMs) => teller.look({ ...seen, nowMs: nowMs + afterMs }));
}

describe('clocks that were set back', () => {
  const all = { 'node 1': HOUR_MS - 5_000, 'node 2': HOUR_MS - 9_000, 'node 3': HOUR_MS - 5_000 };

  it('are told with the amount, again every minute, and when it is over', () => {
    const teller = new ClockTeller();
    const line =
      'No task can start: the clocks of node 1, node 2 and node 3 were set back by at least 59 min: nothing is granted there before the ' +
      'time that they showed then. raiseEpoch leaves it behind.';
    expect(saidFrom(teller, 0, { setBackMs: all })).toEqual([line]);
    expect(saidFrom(teller, 30_000, { setBackMs: all })).toEqual([]);
    expect(saidFrom(teller, MINUTE_MS, { setBackMs: all })).toEqual([line]);
    expect(saidFrom(teller, 2 * MINUTE_MS, {})).toEqual([
      'What kept tasks from starting after clocks were set back is over.',
    ]);
    expect(saidFrom(teller, 3 * MINUTE_MS, {})).toEqual([]);
  });

  it('are told of a minority as well, which keeps nothing from running', () => {
    const [line, ...more] = saidFrom(new ClockTeller(), 0, { setBackMs: { 'node 2': 90_000 } });
    expect(line).toBe(
      'The clock of node 2 was set back by at least 1 min 30 s: nothing is granted there before the time that they showed then.',
    );
    expect(more).toEqual([]);
  });

  it('are no news where it is over within two seconds', () => {
    const teller = new ClockTeller();
    expect(teller.look({ setBackMs: { 'node 1': 700 }, nodes: 1, aheadMs: 0, nowMs: 0 })).toEqual([]);
    expect(saidFrom(teller, 1_000, { nodes: 1 })).toEqual([]);
  });

  it('are told to an instance that has followed them: it is to be restarted', () => {
    expect(saidFrom(new ClockTeller(), 0, { aheadMs: HOUR_MS })).toEqual([
      'This instance has seen the clocks of its nodes 1 h ahead of what they show now, and its cluster time never goes back: restart it.',
    ]);
    expect(saidFrom(new ClockTeller(), 0, { aheadMs: 9_000 })).toEqual([]);
  });
});
