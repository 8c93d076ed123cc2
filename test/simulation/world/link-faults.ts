/** Makes what a plan says happen between one instance and servers. */

import type { FaultOf } from './fault.js';
import type { Mishap } from './network.js';
import type { Server } from './server.js';
import type { Instance } from './simulated-instance.js';
import { unlessHealed } from './unless-healed.js';
import type { WorldParts } from './world-parts.js';

export class LinkFaults {
  constructor(private readonly parts: WorldParts) {}

  hurt(
    { machine }: Instance,
    server: Server,
    forMs: number,
    harm: Partial<ReturnType<WorldParts['network']['link']>>,
  ): void {
    const link = this.parts.network.link(machine, server);
    Object.assign(link, harm);
    unlessHealed(this.parts, this.parts.rivals.mostAwayMs(forMs), () => link.heal());
  }

  cutOff(instance: Instance, forMs: number): void {
    for (const { server } of instance.connections) this.cut(instance, server, forMs);
  }

  /** Fewer than a majority are left to it. */
  leaveOne(instance: Instance, { server: left, forMs }: FaultOf<'one server is left'>): void {
    const { connections } = instance;
    for (const [slot, { server }] of connections.entries()) {
      if (slot !== left % connections.length) this.cut(instance, server, forMs);
    }
  }

  /** The server acts on the next messages of this kind, at once or late, and nobody hears of it. */
  loseAnswers(instance: Instance, fault: Omit<FaultOf<'answers are lost'>, 'kind' | 'instance'>): void {
    const { connections, machine } = instance;
    for (const [slot, { server }] of connections.entries()) {
      if (fault.from === 'one' && slot !== fault.server % connections.length) continue;
      const mishap: Mishap = {
        call: fault.call,
        left: fault.count,
        lateMs: fault.lateMs,
        onSent: () => {
          this.parts.history.count(`answer lost: ${fault.call}`);
          if (fault.lateMs > 0) this.parts.history.count('a copy comes late on the old connection');
          if (!fault.isReset) return false;
          this.parts.presences.lose(instance, server);
          this.parts.presences.restore(instance, server);
          return true;
        },
      };
      this.parts.network.link(machine, server).mishaps.push(mishap);
    }
  }

  private cut(instance: Instance, server: Server, forMs: number): void {
    this.parts.presences.lose(instance, server);
    this.hurt(instance, server, forMs, { isRequestCut: true, isReplyCut: true });
    this.parts.presences.restore(instance, server);
  }
}
