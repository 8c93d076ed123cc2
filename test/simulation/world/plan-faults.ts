/** What can go wrong in a world, as fast-check draws it. */

import fc from 'fast-check';
import type { Place } from './ambush.js';
import type { Happening, InstanceFault, Misfortune, ServerFault } from './fault.js';
import type { Call } from './network.js';
import { namesFaults, setsFaults } from './plan-set-faults.js';
import type { Profile } from './profile.js';
import { MAX_BACK_MS, type Restart } from './server.js';
import { forMs, kind, weighted } from './weighted.js';

const how = fc.constantFrom<Restart>('empty', 'with its memory', 'with old memory');
const backMs = fc.oneof(fc.constant(0), fc.integer({ min: -MAX_BACK_MS, max: 0 }));
const eitherMs = fc.integer({ min: -MAX_BACK_MS, max: MAX_BACK_MS });
const misfortune = fc.oneof(
  { weight: 6, arbitrary: fc.constant<Misfortune>('blocked') },
  { weight: 2, arbitrary: fc.constant<Misfortune>('suspended') },
  { weight: 4, arbitrary: fc.constant<Misfortune>('cut off') },
  { weight: 2, arbitrary: fc.constant<Misfortune>('killed') },
  { weight: 1, arbitrary: fc.constant<Misfortune>('unplugged') },
);
/** Around a time to live, where trust ends. */
const blockMs = fc.oneof(forMs, fc.integer({ min: 1_800, max: 3_600 }));
const place = fc.constantFrom<Place>('grant', 'win', 'start', 'renewal', 'release');

const call = fc.constantFrom<Call>(
  'claim',
  'claim',
  'claim',
  'giveBack',
  'giveBack',
  'beat',
  'note',
  'confirm',
  'renumber',
  'stamp',
  'lock',
);

function instanceFault(): fc.WeightedArbitrary<InstanceFault>[] {
  const instance = fc.nat({ max: 7 });
  const server = fc.nat({ max: 4 });
  const way = fc.constantFrom('request' as const, 'reply' as const, 'both' as const);
  return [
    weighted(4, { kind: kind('instance suffers'), instance, misfortune, forMs }),
    weighted(7, {
      kind: kind('instance suffers at'),
      instance,
      place,
      nth: fc.integer({ min: 1, max: 4 }),
      misfortune,
      forMs: blockMs,
    }),
    // A run goes on while its lease ends: the next one starts beside it.
    weighted(5, {
      kind: kind('instance suffers at'),
      instance,
      place: fc.constant<Place>('long run'),
      nth: fc.integer({ min: 1, max: 3 }),
      misfortune: fc.constantFrom<Misfortune>('blocked', 'blocked', 'suspended', 'cut off'),
      forMs: fc.integer({ min: 2_500, max: 6_000 }),
    }),
    weighted(1, { kind: kind('instance leaves'), instance }),
    weighted(2, {
      kind: kind('wall clock steps'),
      instance,
      byMs: fc.integer({ min: -10_000, max: 10_000 }),
    }),
    weighted(1, { kind: kind('beats are lost'), instance, forMs }),
    // Slower than what trust allows for drift, and not so slow that no reply is in time.
    weighted(5, {
      kind: kind('replies are slow'),
      instance,
      byMs: fc.integer({ min: 30, max: 115 }),
      forMs: fc.integer({ min: 1_000, max: 8_000 }),
    }),
    weighted(3, { kind: kind('link is cut'), instance, server, way, forMs }),
    weighted(2, { kind: kind('one server is left'), instance, server, forMs: blockMs }),
    weighted(8, {
      kind: kind('answers are lost'),
      instance,
      call,
      from: fc.constantFrom('one' as const, 'all' as const),
      server,
      count: fc.integer({ min: 1, max: 3 }),
      lateMs: fc.oneof(fc.constant(0), fc.integer({ min: 5, max: 500 })),
      isReset: fc.boolean(),
    }),
  ];
}

function serverFault(): fc.WeightedArbitrary<ServerFault>[] {
  const server = fc.nat({ max: 4 });
  return [
    weighted(5, { kind: kind('server restarts'), server, forMs, how }),
    weighted(6, {
      kind: kind('server restarts on a grant'),
      server,
      afterMs: fc.nat({ max: 5 }),
      forMs: fc.nat({ max: 10 }),
      how,
      byMs: backMs,
    }),
    weighted(3, {
      kind: kind('server fails over'),
      server,
      lagMs: fc.nat({ max: 400 }),
      forMs: fc.nat({ max: 300 }),
      byMs: eitherMs,
    }),
    weighted(2, { kind: kind('server stops'), server, forMs }),
    weighted(3, { kind: kind('server is flushed'), server }),
    weighted(2, { kind: kind('server is busy'), server, forMs }),
    weighted(2, { kind: kind('server clock steps'), server, byMs: eitherMs, forMs }),
  ];
}

const epochFault = weighted(12, {
  kind: kind('epoch is raised'),
  server: fc.nat({ max: 4 }),
  byMs: backMs,
  isOnGrant: fc.boolean(),
});

/** All that may happen in the worlds of a profile. */
export function faultsFor(profile: Profile): fc.Arbitrary<Happening> {
  if (profile.hasDepartures === true) return departures();
  return fc.oneof(
    ...instanceFault(),
    ...serverFault(),
    ...(profile.raisesEpochs === true ? [epochFault] : []),
    ...(profile.namesMove === true ? namesFaults() : []),
    ...(profile.hasRivals === true ? setsFaults() : []),
    weighted(4, { kind: kind('instance joins') }),
    { weight: 1, arbitrary: rarely(fc.record({ kind: kind('newer node set joins') })) },
  );
}

/** As many join as go. */
function departures(): fc.Arbitrary<Happening> {
  const instance = fc.nat({ max: 7 });
  return fc.oneof(
    weighted(4, {
      kind: kind('instance leaves unwatched'),
      instance,
      nth: fc.integer({ min: 1, max: 2 }),
      afterMs: fc.integer({ min: 100, max: 2_500 }),
      forMs: fc.integer({ min: 4_000, max: 12_000 }),
    }),
    weighted(4, {
      kind: kind('instance goes unheard'),
      instance,
      count: fc.integer({ min: 4, max: 40 }),
      afterMs: fc.integer({ min: 500, max: 5_000 }),
      isKilled: fc.boolean(),
    }),
    weighted(1, {
      kind: kind('instance suffers'),
      instance,
      misfortune: fc.constantFrom<Misfortune>('killed', 'blocked'),
      forMs,
    }),
    weighted(8, { kind: kind('instance joins') }),
  );
}

/** It ends what most of a world is about, so most worlds do without: every third time it is only one more instance. */
function rarely(
  event: fc.Arbitrary<{ kind: 'newer node set joins' }>,
): fc.Arbitrary<{ kind: 'newer node set joins' | 'instance joins' }> {
  return fc.oneof(
    event,
    fc.record({ kind: kind('instance joins') }),
    fc.record({ kind: kind('instance joins') }),
  );
}
