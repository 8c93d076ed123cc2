import { beforeEach, describe, expect, it } from 'vitest';
import type { StoreNodeStatus } from '#src/messages/store-status.js';
import { type StoreLine, StoreTeller } from '#src/messages/store-teller.js';

const NOBODY = 'nobody listens at its address (ECONNREFUSED): start Redis there';
const LATE = 'its newest reply came after 131 ms, and nodeTimeoutMs is 120: use a Redis that is nearer';
type Node = 'up' | 'connecting' | { readonly why: string } | { readonly warnings: readonly string[] };

let teller: StoreTeller;
let nowMs: number;

beforeEach(() => {
  teller = new StoreTeller();
  nowMs = 1_000_000;
});

/** What is said when these nodes are looked at, `ms` after the last look. */
function after(ms: number, ...nodes: readonly Node[]): readonly string[] {
  return linesAfter(ms, nodes).map(({ message }) => message);
}

/** The same before a majority has answered a beat: what the connections say is all there is. */
function unconfirmed(ms: number, ...nodes: readonly Node[]): readonly string[] {
  return linesAfter(ms, nodes, false).map(({ message }) => message);
}

function linesAfter(ms: number, nodes: readonly Node[], isConfirmed = true): readonly StoreLine[] {
  nowMs += ms;
  const statuses = nodes.map((node, index): StoreNodeStatus => {
    const label = `node ${index + 1}`;
    if (node === 'up') return { label, answering: true };
    if (node === 'connecting') return { label, answering: false };
    return 'why' in node ? { label, answering: false, ...node } : { label, answering: true, ...node };
  });
  const nodesAnswering = statuses.filter(({ answering }) => answering).length;
  const hasQuorum = nodesAnswering > nodes.length / 2;
  return teller.look({ nowMs, hasQuorum, isConfirmed, nodesAnswering, nodes: statuses, isBidding: true });
}

const DOWN = { why: NOBODY };

describe('a store that is there', () => {
  it('is told once, when a majority has answered, and the moment in which it is being reached is no news', () => {
    expect(after(0, 'connecting')).toEqual([]);
    expect(linesAfter(500, ['up'])).toEqual([
      { level: 'log', message: 'Quorum reached: 1 of 1 nodes answer.' },
    ]);
    expect(after(600_000, 'up')).toEqual([]);
  });

  it('is not lost before it was reached, although it is connected and misses its first beats', () => {
    expect(unconfirmed(0, 'up')).toEqual([]);
    expect(unconfirmed(100, 'connecting')).toEqual([]);
    expect(unconfirmed(100, { why: LATE })).toEqual([]);
    expect(unconfirmed(500, 'up')).toEqual([]);
    expect(after(100, 'up')).toEqual(['Quorum reached: 1 of 1 nodes answer.']);
  });
});

describe('no majority', () => {
  it('is "not yet" as long as there never was one, with the reason as soon as it is known, and is reached once', () => {
    expect(after(0, 'connecting')).toEqual([]);
    expect(after(100, DOWN)).toEqual([]);
    expect(after(1_000, DOWN)).toEqual([
      `No quorum yet: 0 of 1 nodes answer. No task runs here until a majority does. node 1 gives no vote: ${NOBODY}.`,
    ]);
    expect(after(30_000, DOWN)).toEqual([]);
    expect(after(90_000, 'up')).toEqual(['Quorum reached after 2 min 1 s: 1 of 1 nodes answer.']);
    expect(after(1_000, 'up')).toEqual([]);
  });

  it('is told without a reason when none comes in time', () => {
    expect(after(0, 'connecting', 'up', 'connecting')).toEqual([]);
    expect(after(2_000, 'connecting', 'up', 'connecting')).toEqual([
      'No quorum yet: 1 of 3 nodes answer. No task runs here until a majority does. Each of node 1 and node 3 gives no vote: ' +
        'no word has come from it.',
    ]);
  });

  it('is lost where there was one, said again every minute with what it means, and back once', () => {
    after(0, 'up', 'up', 'up');
    expect(after(1_000, DOWN, 'up', { why: LATE })).toEqual([
      `Quorum lost: 1 of 3 nodes answer. No task runs here until a majority does. node 1 gives no vote: ${NOBODY}. ` +
        `node 3 gives no vote: ${LATE}.`,
    ]);
    expect(after(59_000, DOWN, 'up', DOWN)).toEqual([]);
    expect(after(1_000, DOWN, 'up', DOWN)).toEqual([
      `Still no quorum: 1 of 3 nodes answer. No task could start here for 1 min. Each of node 1 and node 3 gives no vote: ${NOBODY}.`,
    ]);
    for (let minute = 2; minute <= 3; minute += 1) expect(after(60_000, DOWN, 'up', DOWN)).toHaveLength(1);
    expect(after(60_000, DOWN, 'up', DOWN)[0]).toContain('No task could start here for 4 min.');
    expect(after(1_000, 'up', 'up', DOWN)).toEqual([
      `Quorum is back after 4 min 1 s: 2 of 3 nodes answer. node 3 gives no vote: ${NOBODY}.`,
    ]);
    expect(after(10_000, 'up', 'up', DOWN)).toEqual([]);
    expect(after(1_000, 'up', 'up', 'up')).toEqual([
      'node 3 answers again after 4 min 12 s: 3 of 3 nodes answer.',
    ]);
  });

  it('is told with its loss and its return where it lasts, however short before another one was told', () => {
    after(0, 'up');
    expect(after(1_000, DOWN)).toHaveLength(1);
    expect(after(1_000, 'up')).toEqual(['Quorum is back: 1 of 1 nodes answer.']);
    expect(after(30_000, DOWN)).toEqual([]);
    expect(after(4_000, DOWN)).toEqual([]);
    expect(after(1_000, DOWN)).toEqual([
      `Quorum lost: 0 of 1 nodes answer. No task runs here until a majority does. node 1 gives no vote: ${NOBODY}.`,
    ]);
    expect(after(7_000, 'up')).toEqual(['Quorum is back after 12 s: 1 of 1 nodes answer.']);
    expect(after(1_000, DOWN)).toEqual([]);
    expect(after(1_000, 'up')).toEqual([]);
  });

  it('is told at one level when it goes and when it is back', () => {
    after(0, 'up');
    const lines = [...linesAfter(1_000, [DOWN]), ...linesAfter(90_100, ['up'])];
    expect(lines.map(({ level }) => level)).toEqual(['warn', 'warn']);
    expect(lines[1]?.message).toBe('Quorum is back after 1 min 30 s: 1 of 1 nodes answer.');
  });

  it('that comes and goes is told once a minute, with how often', () => {
    after(0, 'up');
    expect(after(1_000, { why: LATE })).toHaveLength(1);
    expect(after(1_000, 'up')).toEqual(['Quorum is back: 1 of 1 nodes answer.']);
    for (let second = 0; second < 28; second += 1) {
      expect(after(1_000, { why: LATE })).toEqual([]);
      expect(after(1_000, 'up')).toEqual([]);
    }
    expect(after(3_000, { why: LATE })).toEqual([
      `Quorum lost: 0 of 1 nodes answer. No task runs here until a majority does. node 1 gives no vote: ${LATE}. ` +
        'Losses since the last line: 28.',
    ]);
  });

  it('of an instance that does not bid is told with what it means there', () => {
    const nodes = [{ label: 'node 1', answering: false, why: NOBODY }];
    const view = { hasQuorum: false, isConfirmed: false, nodesAnswering: 0, nodes, isBidding: false };
    expect(teller.look({ ...view, nowMs })).toEqual([]);
    expect(teller.look({ ...view, nowMs: nowMs + 1_000 }).map(({ message }) => message)).toEqual([
      `No quorum yet: 0 of 1 nodes answer. No decision about tasks is kept until a majority does. node 1 gives no vote: ${NOBODY}.`,
    ]);
  });
});

describe('one node of three', () => {
  it('is told once when it is gone for a moment, and once when it is back', () => {
    after(0, 'up', 'up', 'up');
    expect(after(1_000, 'up', DOWN, 'up')).toEqual([]);
    expect(after(2_000, 'up', DOWN, 'up')).toEqual([
      `node 2 gives no vote: ${NOBODY}. Tasks run, as 2 of 3 nodes answer.`,
    ]);
    expect(after(600_000, 'up', DOWN, 'up')).toEqual([]);
    expect(after(1_000, 'up', 'up', 'up')).toEqual([
      'node 2 answers again after 10 min: 3 of 3 nodes answer.',
    ]);
    expect(after(1_000, 'up', 'up', 'up')).toEqual([]);
  });

  it('is told as well when it was never there', () => {
    after(0, 'up', 'connecting', 'up');
    expect(after(2_000, 'up', DOWN, 'up')).toHaveLength(1);
    expect(after(2_000, 'up', 'up', 'up')).toEqual(['node 2 answers: 3 of 3 nodes answer.']);
  });

  it('that misses single replies is no news, and one that comes and goes is told once a minute', () => {
    after(0, 'up', 'up', 'up');
    const said: string[] = [];
    for (let round = 0; round < 40; round += 1) {
      said.push(...after(1_000, 'up', { why: LATE }, 'up'), ...after(1_000, 'up', 'up', 'up'));
    }
    expect(said).toEqual([]);
    for (let round = 0; round < 10; round += 1) {
      said.push(
        ...after(1_000, 'up', DOWN, 'up'),
        ...after(2_000, 'up', DOWN, 'up'),
        ...after(2_000, 'up', 'up', 'up'),
      );
    }
    expect(said).toHaveLength(2);
  });
});

describe('what is odd about a node that answers', () => {
  it('is told once', () => {
    const odd = { warnings: ['it may evict keys: set maxmemory-policy to noeviction'] };
    expect(after(0, odd, 'up', 'up').slice(1)).toEqual([
      'node 1: it may evict keys: set maxmemory-policy to noeviction.',
    ]);
    expect(after(100_000, odd, 'up', 'up')).toEqual([]);
    after(1_000, 'up', 'up', 'up');
    expect(after(100_000, odd, 'up', 'up')).toEqual([]);
  });
});
