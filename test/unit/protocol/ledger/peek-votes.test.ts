import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { NodeTick } from '#src/protocol/contract/ports.js';
import { decidePeek, decidePeeks } from '#src/protocol/ledger/peek-votes.js';

const T = 10_000;

/** So few that nodes often agree. */
const TICK = fc.constantFrom(0, T - 1_000, T, T + 1_000);
const NODE = fc.record<NodeTick>(
  {
    tick: TICK,
    claimId: fc.constantFrom('', 'a:1', 'a:2', 'b:1'),
    floor: fc.constantFrom(T - 500, T + 500),
    prunedUpTo: fc.constantFrom(T - 2_000, T),
  },
  { requiredKeys: ['tick'] },
);
const CLAIMED = fc.record<NodeTick>({ tick: fc.constant(T), claimId: fc.constantFrom('a:1', 'a:1', 'b:1') });
const LIST = fc.array(fc.oneof(CLAIMED, NODE), { minLength: 2, maxLength: 2 });
const TIME = fc.option(fc.constantFrom(T + 100, T + 101.5, T - 5_000), { nil: undefined });

describe('what the nodes say of all ticks of a message', () => {
  it('is what they say of each of them', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.option(LIST, { nil: undefined, freq: 4 }), TIME), {
          minLength: 1,
          maxLength: 5,
        }),
        fc.tuple(TICK, TICK),
        (nodes, ticks) => {
          const [lists, timesMs] = [nodes.map(([list]) => list), nodes.map(([, timeMs]) => timeMs)];
          const refs = ticks.map((tick) => ({ task: 'settle', tick }));
          const each = ticks.map((tick, index) =>
            decidePeek(
              tick,
              lists.map((list) => list?.[index]),
              timesMs,
            ),
          );
          expect(decidePeeks(refs, lists, timesMs)).toStrictEqual(each);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('names the owner where all that answer agree, and not where they are too few', () => {
    const claimed: NodeTick = { tick: T, claimId: 'a:1' };
    const ask = (...lists: readonly (readonly NodeTick[] | undefined)[]) =>
      decidePeeks(
        [{ task: 'settle', tick: T }],
        lists,
        lists.map(() => T + 100),
      )[0];
    expect(ask([claimed], [claimed], undefined)).toMatchObject({ kind: 'taken', claimId: 'a:1' });
    expect(ask([claimed], undefined, undefined)).toEqual({ kind: 'unknown' });
  });

  it('counts a node that names nobody for no owner, whichever of them answers first', () => {
    const [claimed, takenBack]: readonly [NodeTick, NodeTick] = [{ tick: T, claimId: 'a:1' }, { tick: T }];
    for (const answers of [
      [claimed, takenBack],
      [takenBack, claimed],
    ]) {
      const lists = [...answers.map((one) => [one]), undefined];
      const [peek] = decidePeeks(
        [{ task: 'settle', tick: T }],
        lists,
        lists.map(() => T + 100),
      );
      expect(peek).toMatchObject({ kind: 'open' });
    }
  });

  it('names nobody for a tick below what a raise of the epoch has left behind', () => {
    const raised: NodeTick = { tick: T + 100, floor: T + 1_000, isLeftBehind: true };
    const claimed: NodeTick = { tick: T + 100, claimId: 'a:1', floor: T + 1_000 };
    expect(decidePeek(T, [raised, raised, undefined])).toMatchObject({ kind: 'open', isFloor: true });
    expect(decidePeek(T, [claimed, raised, undefined])).toMatchObject({ kind: 'open' });
    expect(decidePeek(T, [claimed, claimed, undefined])).toMatchObject({ kind: 'taken' });
  });

  it('is taken where the claim of a later tick was given back, and the node may have forgotten since', () => {
    const givenBack: NodeTick = { tick: T + 100, floor: T + 1_000 };
    expect(decidePeek(T, [givenBack, givenBack, undefined])).toMatchObject({ kind: 'taken' });
  });
});
