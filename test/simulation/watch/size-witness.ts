/** Nothing may grow without a bound, however long a world lasts. Looked at every second. */

import type { Instance } from '../world/simulated-instance.js';
import type { WorldParts } from '../world/world-parts.js';

const LOOK_PERIOD_MS = 1_000;

/** Timers per living instance. */
const MAX_EVENTS_PER_INSTANCE = 150;
/** The same in worlds of many tasks, whose runs and messages to the locks are one each. */
const MAX_EVENTS_PER_TASK = 20;
/** To one node: a storm is a fault too, whatever the node answers. */
const MAX_MESSAGES_PER_TASK = 400;
/** Per task: the tick whose turn it is, its successor, and runs that have lost their lease and do not end. */
const MAX_OPEN_TICKS_PER_TASK = 8;
/** The same where ticks wait for a run, or stand in line behind those that are made up for. */
const MAX_WAITING_TICKS_PER_TASK = 40;
/** Of a task whose runs may overlap each tick has a lock, which expires. */
const MAX_LOCKS_PER_TASK = 60;
/** Members that are alive or have been within the time to live of a beat; more never join at once. */
const MAX_MEMBERS = 24;
/** After a pause there are ticks to report. */
const CALM_AFTER_MS = 2_000;

export class SizeWitness {
  constructor(private readonly parts: WorldParts) {}

  watch(): void {
    this.parts.time.schedule(LOOK_PERIOD_MS, () => {
      this.look();
      this.watch();
    });
  }

  private look(): void {
    const { time, network, servers, profile, instances, policiesOf } = this.parts;
    const living = instances.filter(({ machine }) => !machine.isDead);
    const overlapping = living.reduce((sum, instance) => sum + this.overlappingOn(instance), 0);
    const perInstance = Math.max(MAX_EVENTS_PER_INSTANCE, MAX_EVENTS_PER_TASK * profile.tasks);
    this.check('events', time.pending - network.inFlight, perInstance * (living.length + 1));
    for (const server of servers) {
      this.check('ledger entries', server.model.snapshot().ledger.entries.size, profile.tasks);
      this.check('lock entries', server.desk.size, MAX_LOCKS_PER_TASK * profile.tasks + overlapping);
    }
    for (const instance of living) {
      this.check(
        'messages in a second',
        network.takeMostSent(instance.machine),
        MAX_MESSAGES_PER_TASK * profile.tasks,
      );
      if (!instance.machine.hasRunFor(CALM_AFTER_MS)) continue;
      const { tasks, leases, members } = instance.scheduler.status();
      const mostOpen = MAX_OPEN_TICKS_PER_TASK * profile.tasks;
      const isPlain = tasks.every(({ name }) => policiesOf(name).areDefault);
      const mostWaiting = isPlain ? mostOpen : MAX_WAITING_TICKS_PER_TASK * profile.tasks;
      this.check('leases', leases.length, mostOpen + this.overlappingOn(instance));
      this.check('members', members.length, MAX_MEMBERS);
      for (const { name, nextTick } of tasks)
        this.check('open ticks', openTicks(instance, name, nextTick, profile.periodMs), mostWaiting);
    }
  }

  /** Runs that have not returned, of tasks whose runs may overlap: those that hang are one more with every tick, and each has its lease. */
  private overlappingOn({ machine }: Instance): number {
    const { runs, policiesOf } = this.parts;
    return runs.runningOn(machine).filter(({ task }) => policiesOf(task).overlap === 'allow').length;
  }

  private check(what: string, size: number, most: number): void {
    this.parts.history.peak(`most ${what}`, size);
    if (size > most) this.parts.history.fail('everything has a bound', `${size} ${what}, at most ${most}`);
  }
}

/** Ticks that have been taken out of the book and have not ended. */
function openTicks(
  { ended, countsFrom }: Instance,
  task: string,
  nextTick: number | undefined,
  periodMs: number,
): number {
  const ticks = ended.get(task);
  if (countsFrom === undefined || nextTick === undefined || ticks === undefined || ticks.size === 0) return 0;
  const taken = (nextTick - Math.min(...ticks)) / periodMs;
  return taken - [...ticks].filter((tick) => tick < nextTick).length;
}
