/** What instances tell about ticks that nobody ran, and what must be true of it. Stands in for the board among them. */

import type { InstanceDirectory } from '#src/protocol/audit/audit-source.js';
import type { AuditFinding } from '#src/protocol/contract/audit-finding.js';
import type { Outcome, TickReport } from '#src/protocol/contract/outcome.js';
import { EPOCH_MS } from '../world/machine.js';
import type { Instance } from '../world/simulated-instance.js';
import type { WorldParts } from '../world/world-parts.js';
import { LostWitness } from './lost-witness.js';

/** Servers that lost their memory, or whose clocks stepped, so lately can mislead whoever asks them. */
const MISLEADING_MS = 10_000;
/** After an instance has begun. */
const SETTLED_MS = 6_000;
/** One period and the lateness limit after its tick, and what a question takes. */
const MARGIN_MS = 300;
/** Where the first in rank has died or stands still: until the others take its turn. */
const HELD_MS = 8_000;
/** After the death of an instance: until it is no member, is found, and is told by whoever is left. */
const GONE_IN_LINE_MS = 16_000;
const LIMIT_SHARE = 0.4;

/** `taken` is not among them: that somebody has claimed a tick is for the claims themselves to say, see `isClaimed`. */
const NOT_MISSED: ReadonlySet<Outcome> = new Set<Outcome>(['overlap', 'buffered']);

export class AuditWitness {
  private readonly told = new Map<string, { readonly atMs: number; readonly certain: boolean }>();
  /** Ticks that came during a run, by the word of some instance. */
  private readonly notMissed = new Set<string>();
  /** By task and tick, behind whose run it stands in line, by the word of another instance. */
  private readonly behind = new Map<string, string>();
  /** By instance and tick: it was told that another one has it, and that one alone can know that it has given it up. */
  private readonly leftToOthers = new Set<string>();
  /** By task and tick. */
  private readonly startedRuns = new Set<string>();
  private disturbedMs = Number.NEGATIVE_INFINITY;
  private readonly diedMs = new Map<string, number>();

  private readonly lost: LostWitness;

  constructor(private readonly world: () => WorldParts) {
    this.lost = new LostWitness(world);
  }

  /** A server has lost its memory, or its clock has stepped. */
  disturbed(): void {
    this.disturbedMs = this.parts.time.nowMs;
    this.lost.disturbed();
  }

  reported(report: TickReport): void {
    const { task, tick, outcome, instanceId, by } = report;
    this.lost.reported(report);
    if (NOT_MISSED.has(outcome)) this.notMissed.add(`${task} ${tick}`);
    if (outcome === 'buffered' && by !== undefined) this.behind.set(`${task} ${tick}`, by);
    if (outcome === 'taken' && by !== undefined && by !== instanceId)
      this.leftToOthers.add(`${instanceId} ${task} ${tick}`);
  }

  /** The finding of an instance, at the moment at which it is told. */
  tells(instance: Instance, finding: AuditFinding): void {
    const { history, time } = this.parts;
    const { task, tick, outcome, cause, certain } = finding;
    history.count(`audit ${outcome} ${cause}`);
    const key = `${task} ${tick}`;
    const place = `${instance.id} ${task}@${tick - EPOCH_MS} ${cause}`;
    history.note(() => `${place} is told as ${outcome}${certain ? '' : ', with doubt'}`);
    if (outcome === 'lost') {
      this.lost.tells(finding);
      return;
    }
    const known = this.told.get(key);
    this.told.set(key, { atMs: known?.atMs ?? time.nowMs, certain: (known?.certain ?? false) || certain });
    // What is made up for, or made again, may have been found before and be told afterwards.
    if (certain && !this.isMisled && this.startedRuns.has(key))
      history.fail('what is missed did not run', place);
  }

  /** The handler of a tick has been called. That one may come after its limit only where a policy wants it is checked elsewhere. */
  started(task: string, tick: number): void {
    this.startedRuns.add(`${task} ${tick}`);
  }

  died(instance: Instance, areSocketsClosed: boolean): void {
    this.diedMs.set(instance.id, this.parts.time.nowMs);
    this.lost.died(instance, areSocketsClosed);
    if (this.parts.profile.tellsEveryMiss !== true || !areSocketsClosed || instance.isLeaving) return;
    for (const [key, by] of this.behind)
      if (by === instance.id && !this.startedRuns.has(key) && !this.isClaimed(key))
        this.parts.time.schedule(GONE_IN_LINE_MS, () => this.checkGone(key));
  }

  /** What stood in line behind a run goes with its instance, and whoever has heard of it tells. */
  private checkGone(key: string): void {
    const { history, instances } = this.parts;
    const [task = '', at] = key.split(' ');
    if (this.startedRuns.has(key) || this.isClaimed(key) || this.told.has(key)) return;
    const tick = Number(at);
    const sinceMs = this.parts.time.nowMs - (tick - EPOCH_MS);
    if (!instances.some((instance) => this.hasWatched(instance, tick, sinceMs))) return;
    history.fail('what stood in line behind a run that died is told', `${task}@${tick - EPOCH_MS}`);
  }

  /** Looks at every tick when it must have been told, in worlds whose faults leave no doubt about it. */
  watch(): void {
    this.lost.watch();
    this.watchMisses();
  }

  private watchMisses(): void {
    const { profile, time } = this.parts;
    if (profile.tellsEveryMiss !== true) return;
    const dueMs = Math.floor(time.nowMs / profile.periodMs) * profile.periodMs;
    for (const afterMs of [this.deadlineMs, HELD_MS]) {
      const tick = EPOCH_MS + dueMs - Math.ceil(afterMs / profile.periodMs) * profile.periodMs;
      for (let index = 0; index < profile.tasks; index += 1) this.check(`t${index}`, tick, afterMs);
    }
    time.schedule(profile.periodMs, () => this.watchMisses());
  }

  directory(): InstanceDirectory {
    const find = (id: string): Instance | undefined => this.parts.instances.find((one) => one.id === id);
    return {
      sinceMsOf: (id) => {
        const instance = find(id);
        return instance === undefined ? undefined : EPOCH_MS + instance.bornMs;
      },
      hasTold: (finding) =>
        finding.outcome === 'lost'
          ? this.lost.hasTold(finding)
          : this.told.has(`${finding.task} ${finding.tick}`),
      noteTold: () => undefined,
    };
  }

  private check(task: string, tick: number, afterMs: number): void {
    const { history, instances } = this.parts;
    const key = `${task} ${tick}`;
    if (this.startedRuns.has(key) || this.notMissed.has(key) || this.isClaimed(key)) return;
    const watchers = instances.filter(
      (instance) =>
        this.hasWatched(instance, tick, afterMs) && !this.leftToOthers.has(`${instance.id} ${key}`),
    );
    if (watchers.length === 0) return;
    // Any of the others may have been the one whose turn it was.
    const others = instances.filter((instance) => !watchers.includes(instance) && !this.isLongGone(instance));
    if (others.length > 0 && afterMs < HELD_MS) return;
    history.count('missed tick that had to be told');
    if (this.told.has(key)) return;
    history.fail(
      'what nobody ran is told',
      `${task}@${tick - EPOCH_MS} by ${watchers.map(({ id }) => id).join(', ')}`,
    );
  }

  /** It was there before the tick was due, and has been running ever since. */
  private hasWatched(instance: Instance, tick: number, afterMs: number): boolean {
    const { machine, countsFrom, isFenced, isLeaving } = instance;
    if (isFenced || isLeaving || countsFrom === undefined || countsFrom + SETTLED_MS > tick) return false;
    const forMs = afterMs + this.parts.profile.periodMs;
    return this.parts.time.nowMs - this.parts.lags.behindAtMs(instance) > forMs && machine.hasRunFor(forMs);
  }

  private isLongGone({ id, machine }: Instance): boolean {
    return machine.isDead && this.parts.time.nowMs - (this.diedMs.get(id) ?? 0) > 2 * HELD_MS;
  }

  /** Whoever has won it, and not given it back, may have died before it could start it: then its run is lost, and not missed. */
  private isClaimed(key: string): boolean {
    return this.parts.instances.some(({ claimed }) => claimed.has(key));
  }

  private get isMisled(): boolean {
    return this.parts.time.nowMs - this.disturbedMs < MISLEADING_MS;
  }

  private get deadlineMs(): number {
    const { periodMs } = this.parts.profile;
    return periodMs + periodMs * LIMIT_SHARE + MARGIN_MS;
  }

  private get parts(): WorldParts {
    return this.world();
  }
}
