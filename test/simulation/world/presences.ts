/**
 * The connections by which servers see that instances live. When one ends, the server may take the instance for dead, and the
 * instance learns of it: at once, unless it stands still.
 */

import type { Server } from './server.js';
import type { Instance } from './simulated-instance.js';
import type { WorldParts } from './world-parts.js';

/** Between what the two ends of a connection notice. */
const NOTICED_WITHIN_MS = 5;
const RECONNECT_WITHIN_MS = 100;
const RETRY_MS = 50;
/** Once it has heard, trust ends or is renewed within the store's grace. */
const GRACE_MS = 150;

export class Presences {
  constructor(private readonly world: () => WorldParts) {}

  /** An instance gives its connection up by itself, and connects to whatever the name means by now. */
  reconnect(instanceId: string, server: Server): void {
    const instance = this.parts.instances.find(({ id }) => id === instanceId);
    if (instance === undefined || instance.unseenBy.has(server.index)) return;
    this.parts.history.count('gives up a connection');
    this.parts.history.note(() => `${instanceId} gives up its connection to ${server.label}`);
    this.lose(instance, server);
    this.restore(instance, server);
  }

  /** A connection has ended; both sides are told. */
  lose({ id, machine, scheduler, unseenBy, connections }: Instance, server: Server): void {
    const { time, random } = this.parts;
    const position = connections.find((one) => one.server === server)?.name;
    if (machine.isDead || unseenBy.has(server.index)) return;
    unseenBy.add(server.index);
    time.schedule(random.next() * NOTICED_WITHIN_MS, () => {
      if (unseenBy.has(server.index)) server.model.locks.disconnect(id);
    });
    time.schedule(random.next() * NOTICED_WITHIN_MS, () => {
      // The documented limit: a holder that cannot hear trusts on.
      if (machine.isPaused) machine.cannotHear(server.index);
      machine.run(() => {
        scheduler.lostSight(position);
        machine.hasHeard(server.index, GRACE_MS);
      });
    });
  }

  /** A server process has ended, and with it all connections to it. */
  loseAll(instances: readonly Instance[], server: Server): void {
    for (const instance of instances) this.lose(instance, server);
  }

  /** Connects again, to whatever the name means by now, as soon as the way is free; the leases are renewed then. */
  restore(instance: Instance, server: Server): void {
    const { time, random } = this.parts;
    const connection = instance.connections.find((one) => one.server === server);
    if (connection === undefined) return;
    const reconnect = (): void => {
      if (!instance.unseenBy.has(server.index) || connection.server !== server) return;
      const target = this.parts.names.resolve(instance.id, connection.position);
      if (target === server && target.isDown) return;
      if (target.isDown || this.isCut(instance, target)) {
        time.schedule(RETRY_MS, () => instance.machine.run(reconnect));
        return;
      }
      if (connection.server !== target) connection.moves += 1;
      connection.server = target;
      instance.unseenBy.delete(server.index);
      instance.unseenBy.delete(target.index);
      target.model.locks.reconnect(instance.id);
      instance.releases?.resend(target);
      instance.scheduler.renewAll();
      connection.onBack();
    };
    time.schedule(random.next() * RECONNECT_WITHIN_MS, () => instance.machine.run(reconnect));
  }

  private get parts(): WorldParts {
    return this.world();
  }

  private isCut({ machine }: Instance, server: Server): boolean {
    const { isRequestCut, isReplyCut } = this.parts.network.link(machine, server);
    return isRequestCut || isReplyCut;
  }
}
