/** What can go wrong with names, and between two sets of nodes, as fast-check draws it. */

import fc from 'fast-check';
import type { FaultOf, InstanceFault, NameFault, Newcomer, SetFault, SidesPart } from './fault.js';
import type { Call } from './network.js';
import { forMs, kind, weighted } from './weighted.js';

/** Beside weights of about fifty of all others. */
const NAME_WEIGHT = 20;

const EVERY_BIT = 31;
const bits = fc.nat({ max: EVERY_BIT });

/** Mostly while the new server asks for its vote. */
const newcomer: fc.Arbitrary<Newcomer> = fc.record({
  afterMs: fc.oneof(fc.nat({ max: 500 }), fc.nat({ max: 1_500 }), fc.nat({ max: 8_000 })),
  cut: fc.oneof(bits, fc.constantFrom(1, 2, 4)),
  forMs: fc.integer({ min: 500, max: 6_000 }),
  deafBeats: fc.nat({ max: 4 }),
});

function nameFault(weight: number): fc.WeightedArbitrary<NameFault> {
  return weighted(weight, {
    kind: kind('name moves'),
    server: fc.nat({ max: 4 }),
    who: fc.constantFrom('all' as const, 'all' as const, 'one' as const),
    instance: fc.nat({ max: 7 }),
    content: fc.constantFrom('empty' as const, 'database' as const, 'replica' as const, 'file' as const),
    forMs: fc.integer({ min: 100, max: 15_000 }),
    resets: fc.oneof(bits, fc.constant(EVERY_BIT), fc.constant(EVERY_BIT)),
    resetsBack: bits,
    newcomer: fc.option(newcomer, { nil: undefined }),
  });
}

/** Whoever misses the answer to a beat names that node's id in no beat, and still in claims: another id may be noted meanwhile. */
function deafFault(weight: number): fc.WeightedArbitrary<InstanceFault> {
  return weighted(weight, {
    kind: kind('answers are lost'),
    instance: fc.nat({ max: 7 }),
    call: fc.constant<Call>('beat'),
    from: fc.constant('one' as const),
    server: fc.nat({ max: 4 }),
    count: fc.integer({ min: 1, max: 3 }),
    lateMs: fc.constant(0),
    isReset: fc.constant(false),
  });
}

function sidesPart(weight: number): fc.WeightedArbitrary<SidesPart> {
  return weighted(weight, {
    kind: kind('sides part'),
    server: fc.nat({ max: 4 }),
    how: fc.constantFrom('apart' as const, 'deaf' as const, 'forgets' as const),
    content: fc.constantFrom('empty' as const, 'empty' as const, 'replica' as const, 'file' as const),
    byMs: fc.integer({ min: 300, max: 800 }),
    forMs: fc.integer({ min: 3_500, max: 9_000 }),
  });
}

/** Where names move. */
export function namesFaults(): fc.WeightedArbitrary<
  NameFault | SidesPart | InstanceFault | FaultOf<'clocks step together'>
>[] {
  const byMs = fc.integer({ min: 100, max: 800 });
  return [
    nameFault(NAME_WEIGHT),
    deafFault(NAME_WEIGHT / 2),
    sidesPart(NAME_WEIGHT / 2),
    weighted(4, { kind: kind('clocks step together'), byMs }),
  ];
}

/** Rare among all answers, and what a set is judged by: whether its claim or its give-back was heard. */
function unheardClaim(weight: number): fc.WeightedArbitrary<InstanceFault> {
  return weighted(weight, {
    kind: kind('answers are lost'),
    instance: fc.nat({ max: 7 }),
    call: fc.constantFrom<Call>('claim', 'claim', 'giveBack'),
    from: fc.constantFrom('one' as const, 'all' as const),
    server: fc.nat({ max: 4 }),
    count: fc.integer({ min: 1, max: 3 }),
    lateMs: fc.oneof(fc.constant(0), fc.integer({ min: 5, max: 500 })),
    isReset: fc.boolean(),
  });
}

/** What it is about to stamp rests on an answer that grows old meanwhile, while others decide anew. */
function stamperSuffers(weight: number): fc.WeightedArbitrary<FaultOf<'stamper suffers'>> {
  return weighted(weight, {
    kind: kind('stamper suffers'),
    misfortune: fc.constantFrom('blocked' as const, 'suspended' as const, 'unanswered' as const),
    forMs: fc.integer({ min: 300, max: 6_000 }),
  });
}

const whose = fc.constantFrom('own' as const, 'other' as const);

function commonFaults(): fc.WeightedArbitrary<SetFault>[] {
  return [
    // A member lives for 3 s by its nodes' clocks.
    weighted(16, {
      kind: kind('fleet is not heard'),
      whose: fc.constantFrom('bidding' as const, 'bidding' as const, 'own' as const, 'other' as const),
      byMs: fc.integer({ min: 300, max: 800 }),
      forMs: fc.integer({ min: 2_500, max: 6_000 }),
    }),
    weighted(13, { kind: kind('common node forgets'), nth: fc.nat({ max: 4 }) }),
    weighted(8, {
      kind: kind('common node is out of reach'),
      whose,
      nth: fc.nat({ max: 4 }),
      forMs: fc.integer({ min: 300, max: 5_000 }),
    }),
  ];
}

type FleetFault =
  | FaultOf<'fleet suffers' | 'fleet is replaced' | 'stamper suffers'>
  | { readonly kind: 'instance of another set joins' | 'newer node set joins' };

/** Where there are two sets. */
export function setsFaults(): fc.WeightedArbitrary<FleetFault | SetFault | InstanceFault>[] {
  return [
    ...commonFaults(),
    unheardClaim(11),
    stamperSuffers(14),
    weighted(6, { kind: kind('fleet is replaced') }),
    // It ends what most of a world is about: rare, but beside so many other faults not as rare as elsewhere.
    weighted(2, { kind: kind('newer node set joins') }),
    weighted(8, { kind: kind('instance of another set joins') }),
    weighted(14, {
      kind: kind('fleet suffers'),
      whose: fc.constantFrom('own' as const, 'other' as const, 'all' as const),
      misfortune: fc.constantFrom(
        'blocked' as const,
        'suspended' as const,
        'cut off' as const,
        'killed' as const,
      ),
      forMs: fc.oneof(forMs, fc.integer({ min: 3_000, max: 12_000 })),
    }),
  ];
}
