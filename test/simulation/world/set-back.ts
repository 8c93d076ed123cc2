/** The clocks of all servers are far ahead when a world begins; then they are set right, and a person raises the epoch. */

import fc from 'fast-check';
import type { FaultInjector } from './fault-injector.js';
import { raiseEpochOf } from './raised-epoch.js';
import type { WorldParts } from './world-parts.js';

export interface SetBackPlan {
  readonly aheadMs: number;
  /** How long the person takes. */
  readonly raiseAfterMs: number;
  /** A server that the raise does not reach; none beyond the last one. */
  readonly missed: number;
}

export const setBackPlan: fc.Arbitrary<SetBackPlan> = fc.record({
  // Much further than the person takes, so that nothing is over by itself.
  aheadMs: fc.oneof(fc.integer({ min: 40_000, max: 120_000 }), fc.constant(3_600_000)),
  raiseAfterMs: fc.integer({ min: 0, max: 12_000 }),
  missed: fc.nat({ max: 5 }),
});

export class SetBack {
  constructor(
    private readonly parts: WorldParts,
    private readonly plan: SetBackPlan,
    private readonly injector: FaultInjector,
  ) {}

  /** Right before the clocks are set right: what has followed them is started anew, since its own time never goes back. */
  endAll(): void {
    for (const instance of this.injector.living()) this.injector.kill(instance, true);
    this.parts.setBacks.begin();
  }

  /** The clocks are right. */
  raiseLater(): void {
    this.parts.time.schedule(this.plan.raiseAfterMs, () => void this.raise());
  }

  private async raise(): Promise<void> {
    const { servers, setBacks } = this.parts;
    setBacks.end();
    const reached = servers.filter(({ index }) => servers.length === 1 || index !== this.plan.missed);
    const epochs = servers.map((server) => server.model.snapshot().ledger.memory?.epoch ?? 0);
    for (const server of reached) await raiseEpochOf(this.parts, server, Math.max(...epochs) + 1);
  }
}
