/** The second half of a liveness world: no faults any more but those that no tick may notice. */

import { LIVE_AFTER_MS, QUIET_MS } from '../watch/live-after.js';
import type { FaultInjector } from './fault-injector.js';
import type { Plan } from './plan.js';
import type { SetBack } from './set-back.js';
import type { Instance, Join } from './simulated-instance.js';
import type { WorldParts } from './world-parts.js';

/** So that somebody is left to take over. */
const MIN_INSTANCES = 3;
const MIN_AWAY_MS = 2_200;
const MAX_AWAY_MS = 3_400;
/** In the middle between two ticks every instance is idle. */
const FIRST_DEATH_MS = LIVE_AFTER_MS + QUIET_MS + 500;
const DEATH_PERIOD_MS = 3_000;
const LAST_DEATH_BEFORE_END_MS = 4_000;

export class Healing {
  constructor(
    private readonly parts: WorldParts,
    private readonly plan: Plan,
    private readonly injector: FaultInjector,
    private readonly join: Join,
    private readonly setBack: SetBack | undefined,
  ) {}

  /** Repairs everything but a minority of the servers. */
  start(): void {
    const { history, servers, network, names, instances, random } = this.parts;
    history.note(() => 'healed');
    this.setBack?.endAll();
    const leftDown = Math.min(this.plan.leftDown, (servers.length - 1) / 2);
    for (const server of servers) {
      server.clearTraps();
      server.resume();
      server.isBusy = false;
      server.synchronise((random.next() * 2 - 1) * this.plan.healedSkewMs);
      if (server.index < leftDown) server.crash();
      else this.injector.serverFaults.restart(server, 'with its memory');
    }
    for (const { machine, ambush } of instances) {
      ambush.clear();
      machine.wake();
    }
    network.heal();
    names.heal();
    this.populate();
    this.setBack?.raiseLater();
    this.parts.time.schedule(FIRST_DEATH_MS, () => this.tryOut());
  }

  /** Once a newer node set has been met anywhere, only its own instances can go on. */
  private populate(): void {
    const { rivals } = this.parts;
    const count = (isOfOther: boolean): number =>
      this.able().filter((one) => one.isOfOther === isOfOther).length;
    for (let own = count(false); own < MIN_INSTANCES; own += 1) this.join(this.generation());
    // Where the other set stands on record nobody else may go on, so somebody must be there.
    if (rivals.positions.length > 0 && count(true) === 0) this.join(this.generation(), true);
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

  private tryOut(): void {
    switch (this.plan.trial) {
      case 'all away':
        this.sendAllAway();
        return;
      case 'none':
        return;
      case 'death in a run':
        this.loseOneInItsRun();
        return;
      default:
        this.loseAnIdleOne();
    }
  }

  /** All of them stand still, or end and are started anew: what is due meanwhile is missed. */
  private sendAllAway(): void {
    const { random, time, history, tenures, progress } = this.parts;
    const forMs = MIN_AWAY_MS + random.next() * (MAX_AWAY_MS - MIN_AWAY_MS);
    const isKilled = random.next() < 0.5;
    history.count('all are away');
    history.note(() => `all are away for ${forMs.toFixed(0)} ms${isKilled ? ', being dead' : ''}`);
    const able = this.able();
    progress.allAway(
      forMs,
      able.flatMap((one) => tenures.tasksOf(one)),
    );
    for (const instance of able) {
      if (!isKilled) instance.machine.pause(forMs);
      else this.loseInRun(instance, true);
    }
    time.schedule(forMs, () => this.populate());
  }

  /** Whoever starts something next dies of it. */
  private loseOneInItsRun(): void {
    const { random, history } = this.parts;
    let isOver = false;
    for (const instance of this.able()) {
      instance.ambush.lay('start', 1, () => {
        if (isOver || this.able().length < 2) return;
        isOver = true;
        history.count('instance dies in its run');
        history.note(() => `${instance.id} dies in its run`);
        this.loseInRun(instance, random.next() < 0.5);
      });
    }
  }

  private loseInRun(instance: Instance, areSocketsClosed: boolean): void {
    const { runs, tenures, progress } = this.parts;
    progress.died(tenures.tasksOf(instance), runs.runningOn(instance.machine));
    this.injector.kill(instance, areSocketsClosed);
  }

  /** No tick is lost when an idle instance dies, whether or not anybody is told. */
  private loseAnIdleOne(): void {
    const { random, time, profile, runs, tenures, history } = this.parts;
    const idle = this.able().filter((one) => !runs.isRunningOn(one.machine) && !tenures.isHolding(one));
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
