import { describe, expect, it } from 'vitest';
import { PresenceDoubt } from '#src/protocol/lease/presence-doubt.js';

const at = (ms: number) => ({ monotonicMs: ms, wallMs: ms });
const granted = (of: number, ...by: readonly string[]) => ({ by: new Set(by), of });

describe('the sight that nodes have of a holder', () => {
  it('may be lost by a minority of nodes that have all granted the lock', () => {
    const three = new PresenceDoubt(100, granted(3, 'a', 'b', 'c'));
    three.lost({ since: at(200), position: 'a' });
    three.lost({ since: at(210), position: 'a' });
    expect(three.since).toBeUndefined();
    three.lost({ since: at(220), position: 'c' });
    expect(three.since).toEqual(at(220));

    const five = new PresenceDoubt(100, granted(5, 'a', 'b', 'c', 'd', 'e'));
    five.lost({ since: at(200), position: 'a' });
    five.lost({ since: at(210), position: 'b' });
    expect(five.since).toBeUndefined();
    five.lost({ since: at(220), position: 'c' });
    expect(five.since).toEqual(at(220));
  });

  it('is needed by each of those that have granted it, where these are no more than a majority', () => {
    const doubt = new PresenceDoubt(100, granted(3, 'a', 'b'));
    doubt.lost({ since: at(200), position: 'c' });
    expect(doubt.since).toBeUndefined();
    doubt.lost({ since: at(210), position: 'b' });
    expect(doubt.since).toEqual(at(210));
  });

  it('is needed where it is not known who has granted it, who has lost it, or where there is one node only', () => {
    const losses = [
      new PresenceDoubt(100, undefined),
      new PresenceDoubt(100, granted(3, 'a', 'b', 'c')),
      new PresenceDoubt(100, granted(1, 'a')),
    ];
    losses[0]?.lost({ since: at(200), position: 'a' });
    losses[1]?.lost({ since: at(200) });
    losses[2]?.lost({ since: at(200), position: 'a' });
    expect(losses.map(({ since }) => since)).toEqual([at(200), at(200), at(200)]);
  });

  it('counts from the start of the newest attempt on', () => {
    const doubt = new PresenceDoubt(100, granted(3, 'a', 'b', 'c'));
    doubt.lost({ since: at(100), position: 'a' });
    doubt.lost({ since: at(150), position: 'b' });
    doubt.lost({ since: at(200), position: 'c' });
    expect(doubt.since).toEqual(at(200));
    // Begun between the two: it has reached `b` after its loss, and may have reached `c` before.
    doubt.renewed(160, granted(3, 'b', 'c'));
    expect(doubt.since).toEqual(at(200));
    doubt.renewed(160, granted(3, 'a', 'b', 'c'));
    expect(doubt.since).toBeUndefined();
  });

  it('does not begin in the past: a renewal that fewer have granted before a loss is none', () => {
    const doubt = new PresenceDoubt(100, granted(3, 'a', 'b', 'c'));
    doubt.lost({ since: at(200), position: 'a' });
    expect(doubt.renewed(150, granted(3, 'a', 'b'))).toBe(false);
    expect(doubt.since).toBeUndefined();
    expect(doubt.renewed(150, granted(3, 'b', 'c'))).toBe(true);
    expect(doubt.since).toBeUndefined();
    doubt.lost({ since: at(300), position: 'b' });
    expect(doubt.since).toEqual(at(300));
  });

  it('is not made good by a grant that is heard of later: trust that has ended must not come back', () => {
    const by = new Set(['a', 'b']);
    const doubt = new PresenceDoubt(100, { by, of: 3 });
    doubt.lost({ since: at(200), position: 'a' });
    by.add('c');
    expect(doubt.since).toEqual(at(200));

    const early = new Set(['a', 'b']);
    const other = new PresenceDoubt(100, { by: early, of: 3 });
    early.add('c');
    other.lost({ since: at(200), position: 'a' });
    expect(other.since).toBeUndefined();
  });
});
