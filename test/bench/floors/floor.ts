/** What a store, or a process without one, can do at most: operations per second, and how long one call takes. */

import { type Figures, figuresOf } from './figures.js';

export interface Floor {
  readonly name: string;
  /** What one operation is, and how it is sent. */
  readonly about: string;
  readonly figures: Figures;
}

export interface Load {
  /** Calls that are under way at a time. */
  readonly callers: number;
  readonly forMs: number;
}

/** Resolves to how many operations it has done. @param caller from 0 */
type Call = (caller: number) => Promise<number>;

/** Connections open and code gets warm before anything counts. */
const WARM_UP_SHARE = 0.25;

/**
 * Calls again and again, as many at a time as there are callers.
 * @throws Error when a call has done none: a store that refuses is fast, and measures nothing
 */
export async function drive({ callers, forMs }: Load, call: Call): Promise<Figures> {
  await callFor(forMs * WARM_UP_SHARE, callers, call);
  const { operations, tookMs, wallMs } = await callFor(forMs, callers, call);
  return figuresOf(operations, tookMs, wallMs);
}

interface Called {
  readonly operations: number;
  readonly tookMs: readonly number[];
  readonly wallMs: number;
}

async function callFor(forMs: number, callers: number, call: Call): Promise<Called> {
  const tookMs: number[] = [];
  let operations = 0;
  const beganMs = performance.now();
  const callOn = async (caller: number): Promise<void> => {
    for (let atMs = performance.now(); atMs < beganMs + forMs; atMs = performance.now()) {
      const done = await call(caller);
      if (done === 0) throw new Error('a call of a floor has done nothing');
      operations += done;
      tookMs.push(performance.now() - atMs);
    }
  };
  await Promise.all(Array.from({ length: callers }, (_, caller) => callOn(caller)));
  return { operations, tookMs, wallMs: performance.now() - beganMs };
}
