/** Makes what a plan says happen. */

import type { Fault, InstanceFault, Misfortune, ServerFault } from './fault.js';
import type { Restart, Server } from './server.js';
import type { Instance } from './simulated-instance.js';
import type { WorldParts } from './world-parts.js';

/** The kernel closes the sockets of a process that is gone. */
const SOCKETS_CLOSE_WITHIN_MS = 5;
/** Whoever lost its connections renews as soon as it is back. */
const RECONNECT_WITHIN_MS = 100;
/** Beyond the shutdown timeout, until stop() must have settled. */
const STOP_TOLERANCE_MS = 500;

export class FaultInjector {
  constructor(
    private readonly parts: WorldParts,
    private readonly join: (generation: number) => void,
  ) {}

  strike(fault: Fault): void {
    const { history, servers, time, profile } = this.parts;
    if (time.nowMs >= profile.healedAtMs) return;
    history.note(() => `fault: ${JSON.stringify(fault)}`);
    history.count(`fault ${fault.kind}`);
    if (fault.kind === 'instance joins') this.join(1);
    else if (fault.kind === 'newer node set joins') this.join(2);
    else if ('instance' in fault) {
      const living = this.living();
      const instance = living[fault.instance % Math.max(1, living.length)];
      if (instance !== undefined) this.strikeInstance(instance, fault);
    } else if ('server' in fault) {
      const server = servers[fault.server % servers.length];
      if (server !== undefined) this.strikeServer(server, fault);
    }
  }

  living(): readonly Instance[] {
    return this.parts.instances.filter(({ machine }) => !machine.isDead);
  }

  /** Ends the process. An unplugged host closes no sockets. */
  kill(instance: Instance, areSocketsClosed: boolean): void {
    const { time, random, servers } = this.parts;
    instance.machine.die();
    if (!areSocketsClosed) return;
    for (const server of servers) {
      time.schedule(random.next() * SOCKETS_CLOSE_WITHIN_MS, () => {
        server.model.locks.disconnect(instance.id);
        void server.connect({ generation: 0, fingerprint: '' }, () => undefined).leave(instance.id);
      });
    }
  }

  restart(server: Server, how: Restart): void {
    if (!server.isDown) return;
    server.restart(how);
    this.isBack(server, how);
  }

  private strikeInstance(instance: Instance, fault: InstanceFault): void {
    const { servers } = this.parts;
    switch (fault.kind) {
      case 'instance suffers':
        this.suffer(instance, fault.misfortune, fault.forMs);
        return;
      case 'instance suffers at':
        instance.ambush.lay(fault.place, fault.nth, () => {
          this.parts.history.note(() => `${instance.id} ${fault.misfortune} at ${fault.place}`);
          this.parts.history.count(`${fault.misfortune} at ${fault.place}`);
          this.suffer(instance, fault.misfortune, fault.forMs);
        });
        return;
      case 'instance leaves':
        this.leave(instance);
        return;
      case 'wall clock steps':
        instance.machine.stepWallClock(fault.byMs);
        return;
      case 'beats are lost':
        for (const server of servers) this.hurtLink(instance, server, fault.forMs, { areBeatsCut: true });
        return;
      case 'replies are slow':
        for (const server of servers)
          this.hurtLink(instance, server, fault.forMs, { replyDelayMs: fault.byMs });
        return;
      case 'link is cut': {
        const server = servers[fault.server % servers.length];
        const cut = { isRequestCut: fault.way !== 'reply', isReplyCut: fault.way !== 'request' };
        if (server !== undefined) this.hurtLink(instance, server, fault.forMs, cut);
        return;
      }
      default:
        fault satisfies never;
    }
  }

  private strikeServer(server: Server, fault: ServerFault): void {
    switch (fault.kind) {
      case 'server restarts':
        server.crash();
        this.later(fault.forMs, () => this.restart(server, fault.how));
        return;
      case 'server restarts on a grant':
        server.layTrap(() =>
          this.later(fault.afterMs, () => {
            server.crash();
            this.stepClock(server, fault.byMs);
            this.later(fault.forMs, () => this.restart(server, fault.how));
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
        return;
      case 'server clock steps':
        this.stepClock(server, fault.byMs);
        this.later(fault.forMs, () => this.stepClock(server, -fault.byMs));
        return;
      default:
        fault satisfies never;
    }
  }

  private suffer(instance: Instance, misfortune: Misfortune, forMs: number): void {
    switch (misfortune) {
      case 'blocked':
        instance.machine.pause(forMs);
        return;
      case 'suspended':
        instance.machine.suspend(forMs);
        return;
      case 'killed':
      case 'unplugged':
        this.kill(instance, misfortune === 'killed');
        return;
      default:
        misfortune satisfies never;
    }
  }

  /** An orderly end: the process exits when stop() has settled, which has a bound. */
  private leave(instance: Instance): void {
    if (instance.isLeaving) return;
    instance.isLeaving = true;
    const { time, options, history } = this.parts;
    instance.retired.sinceMs = Math.min(instance.retired.sinceMs, time.nowMs);
    const withinMs = options.shutdownTimeoutMs + STOP_TOLERANCE_MS;
    void instance.scheduler.stop().then(() => this.kill(instance, true));
    time.schedule(withinMs, () => {
      if (instance.machine.hasRunFor(withinMs)) history.fail('stop() settles within its bound', instance.id);
    });
  }

  /** What the replica knows is what the server knew `lagMs` before it went down. */
  private failOver(server: Server, fault: Extract<ServerFault, { kind: 'server fails over' }>): void {
    const replica = server.snapshot();
    this.later(fault.lagMs, () => {
      if (server.isDown) return;
      server.crash();
      this.stepClock(server, fault.byMs);
      this.later(fault.forMs, () => {
        if (!server.isDown) return;
        server.failOver(replica);
        this.isBack(server, 'as a replica');
      });
    });
  }

  private isBack(server: Server, how: string): void {
    const { claims, history, time, random } = this.parts;
    claims.lost(server);
    history.note(() => `node ${server.index + 1} is up again, ${how}`);
    for (const { machine, scheduler } of this.living()) {
      time.schedule(random.next() * RECONNECT_WITHIN_MS, () => machine.run(() => scheduler.renewAll()));
    }
  }

  private stepClock(server: Server, byMs: number): void {
    server.stepClock(byMs);
    if (byMs !== 0) this.parts.runs.serverClockStepped();
  }

  private hurtLink(
    { machine }: Instance,
    server: Server,
    forMs: number,
    harm: Partial<ReturnType<WorldParts['network']['link']>>,
  ): void {
    const link = this.parts.network.link(machine, server);
    Object.assign(link, harm);
    this.later(forMs, () => link.heal());
  }

  /** What is left of a fault when everything is healed does not happen. */
  private later(inMs: number, work: () => void): void {
    const { time, profile } = this.parts;
    time.schedule(inMs, () => {
      if (time.nowMs < profile.healedAtMs) work();
    });
  }
}
