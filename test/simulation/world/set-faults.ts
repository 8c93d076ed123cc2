/** Makes what a plan says happen to two sets of nodes at the nodes that both have. */

import type { Happening, SetFault } from './fault.js';
import type { LinkFaults } from './link-faults.js';
import type { Server } from './server.js';
import type { ServerFaults } from './server-faults.js';
import type { Instance } from './simulated-instance.js';
import type { WorldParts } from './world-parts.js';

const KINDS: readonly Happening['kind'][] = [
  'fleet is not heard',
  'common node forgets',
  'common node is out of reach',
];

export function isSetFault(fault: Happening): fault is SetFault {
  return KINDS.includes(fault.kind);
}

export class SetFaults {
  constructor(
    private readonly parts: WorldParts,
    private readonly living: () => readonly Instance[],
    private readonly linkFaults: LinkFaults,
    private readonly serverFaults: ServerFaults,
  ) {}

  strike(fault: SetFault): void {
    switch (fault.kind) {
      case 'fleet is not heard':
        this.silence(this.fleet(fault.whose), fault.byMs, fault.forMs);
        return;
      case 'common node forgets': {
        const server = this.common(fault.nth);
        if (server === undefined || !this.parts.rivals.mayForget(server.position)) return;
        this.parts.history.count('a node of both sets forgets');
        this.serverFaults.strike(server, { kind: 'server is flushed', server: server.index });
        return;
      }
      case 'common node is out of reach': {
        const server = this.common(fault.nth);
        if (server === undefined) return;
        for (const instance of this.fleet(fault.whose)) {
          this.parts.history.count('a node of both sets is out of reach');
          this.linkFaults.hurt(instance, server, fault.forMs, { isRequestCut: true, isReplyCut: true });
        }
        return;
      }
      default:
        fault satisfies never;
    }
  }

  private silence(fleet: readonly Instance[], byMs: number, forMs: number): void {
    if (fleet.length > 0) this.parts.history.count('a fleet is not heard');
    for (const instance of fleet)
      for (const { server } of instance.connections)
        this.linkFaults.hurt(instance, server, forMs, { areBeatsCut: true });
    const nodes = new Set(fleet.flatMap(({ connections }) => connections.map(({ server }) => server)));
    this.serverFaults.stepAll(byMs, [...nodes]);
  }

  private fleet(whose: 'own' | 'other' | 'bidding'): readonly Instance[] {
    if (whose === 'bidding') return this.living().filter(({ goesOn }) => goesOn);
    return this.living().filter(({ isOfOther }) => isOfOther === (whose === 'other'));
  }

  private common(nth: number): Server | undefined {
    const { rivals, servers } = this.parts;
    const { common } = rivals;
    const position = common[nth % Math.max(1, common.length)];
    return servers.find(({ index }) => index === position);
  }
}
