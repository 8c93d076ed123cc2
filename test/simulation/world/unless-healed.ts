import type { WorldParts } from './world-parts.js';

/** What is left of a fault when everything is healed does not happen. */
export function unlessHealed({ time, profile }: WorldParts, inMs: number, work: () => void): void {
  time.schedule(inMs, () => {
    if (time.nowMs < profile.healedAtMs) work();
  });
}
