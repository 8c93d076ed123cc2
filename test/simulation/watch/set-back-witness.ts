/** What must be said while clocks that were set back keep every tick from running, and what may run again afterwards. */

import type { TickReport } from '#src/protocol/contract/outcome.js';
import { EPOCH_MS } from '../world/machine.js';
import type { WorldParts } from '../world/world-parts.js';

/** Written down once more: a rule may not be checked with the number it got wrong. */
const EARLY_MS = 100;

export class SetBackWitness {
  private sinceMs: number | undefined;

  constructor(private readonly world: () => WorldParts) {}

  /** The clocks are set back now, and nobody has run since. */
  begin(): void {
    this.sinceMs = this.world().time.nowMs;
  }

  /** A person leaves behind what was granted ahead: it may run again. */
  end(): void {
    const { servers, runs, claims, history } = this.world();
    this.sinceMs = undefined;
    const aboveMs = Math.min(...servers.map((server) => server.wallMs())) + EARLY_MS;
    history.note(() => `what lies above ${aboveMs - EPOCH_MS} is left behind`);
    runs.leaveBehind(aboveMs);
    claims.leaveBehind(aboveMs);
  }

  /** Nobody has claimed anything since: that a tick is taken is not true. */
  told({ task, tick, outcome, by, instanceId }: TickReport): void {
    const { sinceMs } = this;
    const { runs, history } = this.world();
    if (sinceMs === undefined || outcome !== 'taken' || by !== undefined) return;
    if (runs.all.some(({ startedAtMs }) => startedAtMs >= sinceMs)) return;
    history.fail(
      'a clock that was set back is not told as a claim',
      `${instanceId} ${task}@${tick - EPOCH_MS}`,
    );
  }
}
