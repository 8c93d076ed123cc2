/** Makes what a plan says happen. */

import {
  type Fault,
  type FaultOf,
  type InstanceFault,
  losesMemory,
  type Misfortune,
  type ServerFault,
} from './fault.js';
import { LinkFaults } from './link-faults.js';
import { NameFaults } from './name-faults.js';
import type { Server } from './server.js';
import { ServerFaults } from './server-faults.js';
import { isSetFault, SetFaults } from './set-faults.js';
import { SideFaults } from './side-faults.js';
import type { Instance, Join } from './simulated-instance.js';
import { unlessHealed } from './unless-healed.js';
import type { WorldParts } from './world-parts.js';

/** The kernel closes the sockets of a process that is gone. */
const SOCKETS_CLOSE_WITHIN_MS = 5;
/** Beyond the shutdown timeout, until stop() must have settled. */
const STOP_TOLERANCE_MS = 500;
/** Of answers that are lost: at once, on a connection that goes on. */
const AT_ONCE = { server: 0, lateMs: 0, isReset: false };

export class FaultInjector {
  readonly serverFaults: ServerFaults;
  private readonly nameFaults: NameFaults;
  private readonly linkFaults: LinkFaults;
  private readonly setFaults: SetFaults;
  private readonly sideFaults: SideFaults;

  constructor(
    private readonly parts: WorldParts,
    private readonly join: Join,
    startServer: (position: number, host?: Server) => Server,
  ) {
    this.linkFaults = new LinkFaults(parts);
    this.nameFaults = new NameFaults(parts, () => this.living(), startServer, join, this.linkFaults);
    this.serverFaults = new ServerFaults(parts, () => this.living());
    this.sideFaults = new SideFaults(
      parts,
      () => this.living(),
      this.nameFaults,
      this.linkFaults,
      this.serverFaults,
    );
    this.setFaults = new SetFaults(parts, () => this.living(), this.linkFaults, this.serverFaults);
  }

  strike(fault: Fault): void {
    const { history, time, profile } = this.parts;
    if (time.nowMs >= profile.healedAtMs) return;
    history.note(() => `fault: ${JSON.stringify(fault)}`);
    history.count(`fault ${fault.kind}`);
    if (fault.kind === 'instance joins') this.join(1);
    else if (fault.kind === 'newer node set joins') this.join(2);
    else if (fault.kind === 'instance of another set joins') this.joinOther();
    else if (fault.kind === 'fleet suffers') this.sufferAll(fault);
    else if (fault.kind === 'fleet is replaced') this.replaceFleet();
    else if (fault.kind === 'stamper suffers') this.strikeStamper(fault);
    else if (fault.kind === 'name moves') this.nameFaults.strike(fault);
    else if (fault.kind === 'sides part') this.sideFaults.strike(fault);
    else if (fault.kind === 'clocks step together') this.serverFaults.stepAll(fault.byMs);
    else if (isSetFault(fault)) this.setFaults.strike(fault);
    else if ('instance' in fault) {
      const living = this.living();
      const instance = living[fault.instance % Math.max(1, living.length)];
      if (instance !== undefined) this.strikeInstance(instance, fault);
    } else if ('server' in fault) {
      const server = this.struck(fault);
      if (server !== undefined) this.serverFaults.strike(server, fault);
    }
  }

  living(): readonly Instance[] {
    return this.parts.instances.filter(({ machine }) => !machine.isDead);
  }

  /** Ends the process. An unplugged host closes no sockets. */
  kill(instance: Instance, areSocketsClosed: boolean): void {
    const { time, random, servers } = this.parts;
    instance.machine.die();
    this.parts.audit.died(instance, areSocketsClosed);
    if (!areSocketsClosed) return;
    for (const server of servers) {
      const inMs = random.next() * SOCKETS_CLOSE_WITHIN_MS;
      time.schedule(inMs, () => server.model.locks.disconnect(instance.id));
    }
  }

  private joinOther(): void {
    const isThere = this.parts.rivals.positions.length > 0;
    if (isThere) this.parts.history.count('an instance of another set joins');
    this.join(1, isThere);
  }

  private sufferAll({ whose, misfortune, forMs }: FaultOf<'fleet suffers'>): void {
    for (const instance of this.living()) {
      if (whose === 'all' || instance.isOfOther === (whose === 'other')) {
        this.parts.history.count(`${misfortune} with its fleet`);
        this.suffer(instance, misfortune, forMs);
      }
    }
  }

  private replaceFleet(): void {
    const [one, ...others] = this.living().filter(({ goesOn }) => goesOn);
    if (one === undefined || this.parts.rivals.positions.length === 0) return;
    this.parts.history.count('a fleet is replaced');
    for (const instance of [one, ...others]) this.kill(instance, true);
    if (!this.living().some(({ isOfOther }) => isOfOther !== one.isOfOther)) this.join(1, !one.isOfOther);
  }

  private strikeStamper({ misfortune, forMs }: FaultOf<'stamper suffers'>): void {
    let isSprung = false;
    for (const instance of this.living())
      instance.ambush.lay('stamp', 1, () => {
        if (isSprung) return;
        isSprung = true;
        this.parts.history.count('suffers at stamp');
        this.suffer(instance, misfortune, forMs);
      });
  }

  private struck(fault: ServerFault): Server | undefined {
    const { servers, spots, rivals } = this.parts;
    const mayForget = losesMemory(fault);
    const lossy = mayForget ? spots.lossy(fault.server) : undefined;
    const among = servers.filter(
      ({ position }) =>
        (lossy === undefined || position === lossy) && (!mayForget || rivals.mayForget(position)),
    );
    return among[fault.server % among.length];
  }

  private strikeInstance(instance: Instance, fault: InstanceFault): void {
    const servers = instance.connections.map(({ server }) => server);
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
      case 'instance leaves unwatched':
        instance.ambush.lay('long run', fault.nth, () => this.leaveUnwatched(instance, fault));
        return;
      case 'instance goes unheard':
        this.goUnheard(fault);
        return;
      case 'wall clock steps':
        instance.machine.stepWallClock(fault.byMs);
        return;
      case 'beats are lost':
        for (const server of servers)
          this.linkFaults.hurt(instance, server, fault.forMs, { areBeatsCut: true });
        return;
      case 'replies are slow':
        for (const server of servers)
          this.linkFaults.hurt(instance, server, fault.forMs, { replyDelayMs: fault.byMs });
        return;
      case 'answers are lost':
        this.linkFaults.loseAnswers(instance, fault);
        return;
      case 'one server is left':
        this.linkFaults.leaveOne(instance, fault);
        return;
      case 'link is cut': {
        const server = servers[fault.server % servers.length];
        const cut = { isRequestCut: fault.way !== 'reply', isReplyCut: fault.way !== 'request' };
        if (server !== undefined) this.linkFaults.hurt(instance, server, fault.forMs, cut);
        return;
      }
      default:
        fault satisfies never;
    }
  }

  private suffer(instance: Instance, misfortune: Misfortune, askedMs: number): void {
    const forMs = this.parts.rivals.mostAwayMs(askedMs);
    switch (misfortune) {
      case 'blocked':
        instance.machine.pause(forMs);
        return;
      case 'suspended':
        instance.machine.suspend(forMs);
        return;
      case 'cut off':
        this.linkFaults.cutOff(instance, forMs);
        return;
      case 'unanswered':
        for (const { server } of instance.connections)
          this.linkFaults.hurt(instance, server, forMs, { isReplyCut: true });
        return;
      case 'killed':
      case 'unplugged':
        this.kill(instance, misfortune === 'killed');
        return;
      default:
        misfortune satisfies never;
    }
  }

  /** Its run ends while nobody looks but the one that takes the next ticks, whose ends push that end off the nodes. */
  private leaveUnwatched(instance: Instance, { afterMs, forMs }: FaultOf<'instance leaves unwatched'>): void {
    this.parts.history.count('leaves unwatched');
    this.leave(instance);
    unlessHealed(this.parts, afterMs, () => {
      const [, ...onlookers] = this.living().filter((one) => one !== instance);
      for (const onlooker of onlookers) onlooker.machine.pause(forMs);
    });
  }

  /** Whoever bids next: a seldom task has one bidder, and the others would wait in vain. */
  private goUnheard({ count, afterMs, isKilled }: FaultOf<'instance goes unheard'>): void {
    let isSprung = false;
    for (const instance of this.living())
      instance.ambush.lay('claim', 1, () => {
        if (isSprung || instance.isLeaving) return;
        isSprung = true;
        this.parts.history.count('goes unheard');
        this.linkFaults.loseAnswers(instance, { call: 'claim', from: 'all', count, ...AT_ONCE });
        unlessHealed(this.parts, afterMs, () => {
          if (isKilled) this.kill(instance, true);
          else this.leave(instance);
        });
      });
  }

  /** An orderly end: the process exits when stop() has settled, which has a bound. */
  private leave(instance: Instance): void {
    if (instance.isLeaving) return;
    instance.isLeaving = true;
    const { time, options, history } = this.parts;
    instance.retired.sinceMs = Math.min(instance.retired.sinceMs, time.nowMs);
    const withinMs = options.shutdownTimeoutMs + STOP_TOLERANCE_MS;
    void instance.scheduler.stop().then(() => {
      instance.hasLeft = !instance.machine.isDead;
      this.kill(instance, true);
    });
    time.schedule(withinMs, () => {
      if (instance.machine.hasRunFor(withinMs)) history.fail('stop() settles within its bound', instance.id);
    });
  }
}
