/** Makes what a plan says happen to a server. */

import type { ServerFault } from './fault.js';
import { raiseEpochOf } from './raised-epoch.js';
import type { Restart, Server } from './server.js';
import type { Instance } from './simulated-instance.js';
import { unlessHealed } from './unless-healed.js';
import type { WorldParts } from './world-parts.js';

export class ServerFaults {
  constructor(
    private readonly parts: WorldParts,
    private readonly living: () => readonly Instance[],
  ) {}

  strike(server: Server, fault: ServerFault): void {
    switch (fault.kind) {
      case 'server restarts':
        this.crash(server);
        unlessHealed(this.parts, fault.forMs, () => this.restart(server, fault.how));
        return;
      case 'server restarts on a grant':
        server.layTrap(() =>
          unlessHealed(this.parts, fault.afterMs, () => {
            this.crash(server);
            server.stepClock(fault.byMs);
            unlessHealed(this.parts, fault.forMs, () => this.restart(server, fault.how));
          }),
        );
        return;
      case 'server fails over':
        this.failOver(server, fault);
        return;
      case 'server stops':
        server.pause(fault.forMs);
        return;
      case 'server is flushed':
        if (server.isDown) return;
        server.flush();
        this.parts.claims.lost(server);
        this.parts.giveUps.lost(server);
        this.parts.audit.disturbed();
        return;
      case 'server is busy':
        server.isBusy = true;
        unlessHealed(this.parts, fault.forMs, () => {
          server.isBusy = false;
        });
        return;
      case 'epoch is raised': {
        const raise = (): void => {
          if (server.isDown) return;
          server.stepClock(fault.byMs);
          const epoch = server.model.snapshot().ledger.memory?.epoch ?? 0;
          void raiseEpochOf(this.parts, server, epoch + 1);
        };
        if (fault.isOnGrant) server.layTrap(() => unlessHealed(this.parts, 0, raise));
        else raise();
        return;
      }
      case 'server clock steps':
        this.stepClock(server, fault.byMs);
        unlessHealed(this.parts, fault.forMs, () => this.stepClock(server, -fault.byMs));
        return;
      default:
        fault satisfies never;
    }
  }

  restart(server: Server, how: Restart): void {
    if (!server.isDown) return;
    server.restart(how);
    this.isBack(server, how);
  }

  /** Forward, and for good: whoever steps back uses up what is assumed of clocks. */
  stepAll(byMs: number, servers: readonly Server[] = this.parts.servers): void {
    for (const server of servers) this.stepClock(server, byMs);
  }

  private stepClock(server: Server, byMs: number): void {
    server.stepClock(byMs);
    this.parts.audit.disturbed();
  }

  /** What the replica knows is what the server knew `lagMs` before it went down. */
  private failOver(server: Server, fault: Extract<ServerFault, { kind: 'server fails over' }>): void {
    const replica = server.snapshot();
    unlessHealed(this.parts, fault.lagMs, () => {
      if (server.isDown) return;
      this.crash(server);
      server.stepClock(fault.byMs);
      unlessHealed(this.parts, fault.forMs, () => {
        if (!server.isDown) return;
        server.failOver(replica);
        this.isBack(server, 'as a replica');
      });
    });
  }

  private isBack(server: Server, how: string): void {
    const { claims, history } = this.parts;
    claims.lost(server);
    this.parts.giveUps.lost(server);
    this.parts.audit.disturbed();
    history.note(() => `node ${server.index + 1} is up again, ${how}`);
    for (const instance of this.living()) this.parts.presences.restore(instance, server);
  }

  private crash(server: Server): void {
    server.crash();
    this.parts.presences.loseAll(this.living(), server);
  }
}
