/** What goes wrong in a world, and when. Made by fast-check, which also makes a failing plan small. */

import fc from 'fast-check';
import type { Profile } from './profile.js';
import type { Restart } from './server.js';

export type Fault = { readonly atMs: number } & (
  | {
      readonly kind: 'instance dies' | 'instance stops';
      readonly instance: number;
      readonly forMs: number;
    }
  | { readonly kind: 'instance joins' }
  | { readonly kind: 'newer node set joins' }
  | { readonly kind: 'wall clock steps'; readonly instance: number; readonly byMs: number }
  | {
      readonly kind: 'server restarts';
      readonly server: number;
      readonly forMs: number;
      readonly how: Restart;
    }
  /** Directed: right after its next grant, for a few ms. Random restarts seldom hit the window in which it matters. */
  | {
      readonly kind: 'server restarts on a grant';
      readonly server: number;
      readonly afterMs: number;
      readonly forMs: number;
      readonly how: Restart;
      /** How far its clock is set back meanwhile, ms; 0 or less. */
      readonly byMs: number;
    }
  | { readonly kind: 'server stops'; readonly server: number; readonly forMs: number }
  | { readonly kind: 'server is flushed'; readonly server: number }
  | {
      readonly kind: 'server clock steps';
      readonly server: number;
      readonly byMs: number;
      readonly forMs: number;
    }
  | {
      readonly kind: 'link is cut';
      readonly instance: number;
      readonly server: number;
      readonly way: 'request' | 'reply' | 'both';
      readonly forMs: number;
    }
);

export interface Plan {
  readonly seed: number;
  readonly servers: 1 | 3 | 5;
  readonly instances: number;
  /** The first server's clock against true time, ms: nodes need not agree for a tick to run at most once. */
  readonly firstClockMs: number;
  readonly faults: readonly Fault[];
}

/** All steps back of one server together: less than MARGIN, which is what is assumed of it. */
const MOST_BACK_MS = 800;

export function planFor(profile: Profile): fc.Arbitrary<Plan> {
  const atMs = fc.integer({ min: 500, max: profile.healedAtMs });
  const instance = fc.nat({ max: 7 });
  const server = fc.nat({ max: 4 });
  const forMs = fc.oneof(fc.integer({ min: 1, max: 400 }), fc.integer({ min: 400, max: 8_000 }));
  const how = fc.constantFrom<Restart>('empty', 'with its memory', 'with old memory');
  const fault: fc.Arbitrary<Fault> = fc.oneof(
    {
      weight: 2,
      arbitrary: fc.record({ atMs, kind: fc.constant('instance dies' as const), instance, forMs }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ atMs, kind: fc.constant('instance stops' as const), instance, forMs }),
    },
    { weight: 2, arbitrary: fc.record({ atMs, kind: fc.constant('instance joins' as const) }) },
    {
      weight: 2,
      arbitrary: fc.record({
        atMs,
        kind: fc.constant('wall clock steps' as const),
        instance,
        byMs: fc.integer({ min: -10_000, max: 10_000 }),
      }),
    },
    {
      weight: 6,
      arbitrary: fc.record({ atMs, kind: fc.constant('server restarts' as const), server, forMs, how }),
    },
    {
      weight: 6,
      arbitrary: fc.record({
        atMs,
        kind: fc.constant('server restarts on a grant' as const),
        server,
        afterMs: fc.nat({ max: 5 }),
        forMs: fc.nat({ max: 10 }),
        how,
        byMs: fc.oneof(fc.constant(0), fc.integer({ min: -MOST_BACK_MS, max: 0 })),
      }),
    },
    { weight: 2, arbitrary: fc.record({ atMs, kind: fc.constant('server stops' as const), server, forMs }) },
    { weight: 4, arbitrary: fc.record({ atMs, kind: fc.constant('server is flushed' as const), server }) },
    {
      weight: 2,
      arbitrary: fc.record({
        atMs,
        kind: fc.constant('server clock steps' as const),
        server,
        byMs: fc.integer({ min: -MOST_BACK_MS, max: MOST_BACK_MS }),
        forMs,
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        atMs,
        kind: fc.constant('link is cut' as const),
        instance,
        server,
        way: fc.constantFrom('request' as const, 'reply' as const, 'both' as const),
        forMs,
      }),
    },
  );
  return fc.record({
    seed: fc.nat(),
    servers: fc.constantFrom<1 | 3 | 5>(3, 3, 3, 5, 1),
    instances: fc.integer({ min: 1, max: 5 }),
    firstClockMs: fc.oneof(
      { weight: 4, arbitrary: fc.constant(0) },
      { weight: 1, arbitrary: fc.integer({ min: -5_000, max: 5_000 }) },
    ),
    faults: fc.array(fault, { maxLength: 14, size: 'max' }),
  });
}

/** The part of a step back that the assumption about a server's clock still leaves. */
export function boundStep(byMs: number, backSoFarMs: number): number {
  return byMs >= 0 ? byMs : -Math.min(-byMs, MOST_BACK_MS - backSoFarMs);
}
