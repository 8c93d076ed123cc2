import { describe, expect, it } from 'vitest';
import type { Incident } from './account/incident.js';
import { evidenceOf, incident, life, line, run, tickOf, word } from './account/made-up.js';
import { violationsOf } from './account/report.js';
import { isClean, tallyUp } from './account/tally.js';

type Words = Parameters<typeof evidenceOf>[2];

/** Thirty seconds in which A runs every tick until it dies in that of second 5, and B runs those that follow. */
function died(words: Words, incidents: readonly Incident[] = [], change = {}): ReturnType<typeof evidenceOf> {
  const seconds = Array.from({ length: 30 }, (_, second) => second);
  const lines = seconds.flatMap((second) => {
    if (second === 5) return [line('start', second)];
    return run(second, second < 5 ? {} : { replica: 'B' });
  });
  const lives = [life('A', { toMs: 5_100, goneMs: 5_120, ...change }), life('B'), life('C')];
  return evidenceOf(lines, { lives, incidents }, words);
}

const lost = (second: number, atMs: number): NonNullable<Words>[number] => ({
  ...word('B', second, 'lost', 'died: its instance is gone'),
  monotonicMs: atMs,
});

describe('a run that died with its instance', () => {
  const kindsOf = (evidence: Parameters<typeof tallyUp>[0]): readonly string[] =>
    tallyUp(evidence).losses.wrong.map(({ kind, tick }) => `${kind} ${(tick - tickOf(0)) / 1_000}`);

  it('has to be told within its time', () => {
    expect(kindsOf(died([lost(5, 7_000)]))).toEqual([]);
    expect(tallyUp(died([lost(5, 7_000)])).losses.judged).toBe(1);
    expect(kindsOf(died([]))).toEqual(['untold loss 5']);
    expect(kindsOf(died([lost(5, 20_200)]))).toEqual(['untold loss 5']);
    expect(isClean(tallyUp(died([])))).toBe(false);
    expect(violationsOf(tallyUp(died([])), died([]))[0]).toContain('untold loss: settle');
  });

  it('is not judged while no majority could see it, nor where it was asked to end', () => {
    const down = (...nodes: number[]): Incident =>
      incident('redis: SIGSTOP', 6_000, 6_500, { effect: { nodes } });
    expect(tallyUp(died([], [down(0, 1)])).losses).toEqual({ judged: 0, wrong: [] });
    expect(tallyUp(died([], [down(0)])).losses.judged).toBe(1);
    const forgets = incident('redis: FLUSHALL', 4_000, 4_001, { effect: { nodes: [0], forgets: true } });
    expect(tallyUp(died([], [forgets])).losses.judged).toBe(0);
    expect(tallyUp(died([], [], { isGraceful: true })).losses.judged).toBe(0);
  });

  it('is told falsely of a run that had ended long before, unless its instance was hurt or cut off then', () => {
    const told = [lost(5, 7_000), lost(1, 7_000)];
    expect(kindsOf(died(told))).toEqual(['told as lost though it had ended 1']);
    const cut = incident('link: partition', 900, 2_000, { effect: { links: [{ replica: 'A', node: 0 }] } });
    expect(kindsOf(died(told, [cut]))).toEqual([]);
  });
});
