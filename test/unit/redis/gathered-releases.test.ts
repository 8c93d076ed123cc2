import { describe, expect, it } from 'vitest';
import { GatheredReleases } from '#src/redis/locks/gathered-releases.js';
import { LockRound } from '#src/redis/locks/lock-round.js';
import { ManualClock } from '#src/testing/manual-clock.js';

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function setUp() {
  const clock = new ManualClock();
  const sent: { readonly atMs: number; readonly rounds: number }[] = [];
  const startMs = clock.monotonicMs();
  const gathered = new GatheredReleases(clock, async (rounds) => {
    sent.push({ atMs: Math.round(clock.monotonicMs() - startMs), rounds: rounds.length });
  });
  const round = () => new LockRound({ key: 'lock', value: 'mine', nodes: 3 });
  return { clock, sent, gathered, round };
}

describe('releases', () => {
  it('leave at once, together with those of the same turn', async () => {
    const { sent, gathered, round } = setUp();
    const left = [gathered.add([round()]), gathered.add([round(), round()])];
    expect(sent).toEqual([]);
    await Promise.all(left);
    expect(sent).toEqual([{ atMs: 0, rounds: 3 }]);
  });

  it('that come soon after a message wait for the next one, 20 ms after it', async () => {
    const { clock, sent, gathered, round } = setUp();
    await gathered.add([round()]);
    await clock.advance(5);
    const left = [gathered.add([round()])];
    await nextTurn();
    await clock.advance(10);
    left.push(gathered.add([round()]));
    expect(sent).toHaveLength(1);
    await clock.advance(5);
    await Promise.all(left);
    expect(sent.slice(1)).toEqual([{ atMs: 20, rounds: 2 }]);
  });

  it('leave ahead of a message that may ask for their locks', async () => {
    const { clock, sent, gathered, round } = setUp();
    await gathered.add([round()]);
    const left = gathered.add([round()]);
    await nextTurn();
    gathered.leaveNow();
    expect(sent).toHaveLength(2);
    await left;
    // And not once more.
    await clock.advance(100);
    gathered.leaveNow();
    expect(sent).toHaveLength(2);
  });
});
