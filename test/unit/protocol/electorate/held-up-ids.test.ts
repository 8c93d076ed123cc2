import { expect, it } from 'vitest';
import { WrongServers } from '#src/protocol/electorate/wrong-servers.js';

const BEAT_MS = 1_000;
const DEAD_AFTER_MS = 3_000;

/** Asks with each beat that may, and is told each time that another id is in use. */
function asksWithin(beats: number): readonly number[] {
  const wrongServers = new WrongServers();
  const asked: number[] = [];
  for (let nowMs = 0; nowMs < beats * BEAT_MS; nowMs += BEAT_MS) {
    if (wrongServers.isHeldUp('n1', nowMs)) continue;
    asked.push(nowMs);
    wrongServers.holdUp('n1', nowMs);
  }
  return asked;
}

it('a new id is asked for with the first beat after the word of the dead has passed', () => {
  expect(asksWithin(DEAD_AFTER_MS / BEAT_MS + 1)).toEqual([0, 1_000, 2_000, 3_000]);
});

it('a new id is asked for ever more seldom where the living use another one', () => {
  const asked = asksWithin(55);
  const pauses = asked.slice(1).map((atMs, index) => atMs - (asked[index] ?? 0));
  expect(pauses.slice(4)).toEqual([1_000, 2_000, 4_000, 8_000, 10_000, 10_000, 10_000]);
});
