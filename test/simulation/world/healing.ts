/** The second half of a liveness world: no faults any more but those that no tick may notice. */

import { LIVE_AFTER_MS, QUIET_MS } from '../watch/outcome-witness.js';
import type { FaultInjector } from './fault-injector.js';
import type { Plan } from './plan.js';
import type { Instance } from './simulated-instance.js';
import type { WorldParts } from './world-parts.js';

/** So that somebody is left to take over. */
const LEAST_INSTANCES = 3;
/** In the middle between two ticks every instance is idle. */
const FIRST_DEATH_MS = LIVE_AFTER_MS + QUIET_MS + 500;
const DEATH_PERIOD_MS = 3_000;
const LAST_DEATH_BEFORE_END_MS = 4_000;

export class Healing {
  constructor(
    private readonly parts: WorldParts,
    private readonly plan: Plan,
    private readonly injector: FaultInjector,
    private readonly join: (generation: number) => void,
  ) {}

  /** Repairs everything but a minority of the servers. */
  start(): void {
    const { history, servers, network, instances, random } = this.parts;
    history.note(() => 'healed');
    const leftDown = Math.min(this.plan.leftDown, (servers.length - 1) / 2);
    for (const server of servers) {
      server.clearTraps();
      server.resume();
      server.synchronise((random.next() * 2 - 1) * this.plan.healedSkewMs);
      if (server.index < leftDown) server.crash();
      else this.injector.serverFaults.restart(server, 'with its memory');
    }
    for (const { machine, ambush } of instances) {
      ambush.clear();
      machine.wake();
    }
    network.heal();
    this.populate();
    this.parts.time.schedule(FIRST_DEATH_MS, () => this.loseAnIdleOne());
  }

  /** Once a newer node set has been met anywhere, only its own instances can go on. */
  private populate(): void {
    for (let count = this.able().length; count < LEAST_INSTANCES; count += 1) this.join(this.generation());
  }

  private generation(): number {
    return Math.max(1, ...this.parts.instances.map(({ generation }) => generation));
  }

  private able(): readonly Instance[] {
    const generation = this.generation();
    return this.injector
      .living()
      .filter((one) => one.generation === generation && !one.isFenced && !one.isLeaving);
  }

  /** No tick is lost when an idle instance dies, whether or not anybody is told. */
  private loseAnIdleOne(): void {
    const { random, time, profile, runs, history } = this.parts;
    const idle = this.able().filter(({ machine }) => !runs.isRunningOn(machine));
    const victim = idle[Math.floor(random.next() * idle.length)];
    if (victim === undefined || this.able().length < 2) return;
    history.count('idle instance dies');
    history.note(() => `${victim.id} dies, being idle`);
    this.injector.kill(victim, random.next() < 0.5);
    if (time.nowMs + DEATH_PERIOD_MS < profile.durationMs - LAST_DEATH_BEFORE_END_MS) {
      time.schedule(DEATH_PERIOD_MS, () => this.loseAnIdleOne());
    }
  }
}
