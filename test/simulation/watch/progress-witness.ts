/** Whether every tick ran once the world was healed, as far as the policies of its task promise that. */

import { GIVE_UP_ID_MS } from '#src/protocol/electorate/wrong-servers.js';
import { taskOfRunLock } from '#src/protocol/lease/run-lock.js';
import { EPOCH_MS } from '../world/machine.js';
import type { SimulatedPolicies } from '../world/policies.js';
import type { Profile } from '../world/profile.js';
import type { Resident } from '../world/resident.js';
import type { Server } from '../world/server.js';
import { isCatchingUp } from './catching-up.js';
import type { History } from './history.js';
import { LIVE_AFTER_MS } from './live-after.js';
import { nameOf, type Run } from './run.js';
import type { RunWitness } from './run-witness.js';

/** The last ticks of a world may not have had their time. */
const LAST_MS = 2_000;
/** Bids in the common round find a lock that came free before this, after the tick. */
const COMMON_ROUND_MS = 250;
/** Before its tick. */
const ADOPTED_MS = 60;
/** From the end of trouble until what was left undone is found: a beat and the next tick, with the steps of each rank. */
const FOUND_WITHIN_MS = 3_000;
/** The dead are members for 3 s, their locks live for 3 s, and then the next tick finds what they have left. */
const RETAKEN_WITHIN_MS = 7_000;

/** Whoever meets an old id at the first beat after the healing meets it because of what happened before. */
const MET_WITHIN_MS = 1_000;
/** Of a node that a set had left for long: it is asked again when the set goes on. */
const REFUSED_WITHIN_MS = 3_000;
/** A new id that instances do not know yet is refused until the next beat; what lasts longer has to be given up. */
const LASTING_MS = 1_500;
/** From then on: the id is given up, the new one noted with the next beats, and a floor is waited for. */
const VOTES_AGAIN_MS = GIVE_UP_ID_MS + 3_500;

/** Ticks that wait for a run may wait for so long. */
const MAX_RUN_MS = 6_000;

/** From the end of a run to the start of the next in line: its claim. */
const NEXT_IN_LINE_MS = 100;

/** Runs of one tick, attempt by attempt: the lock is kept between them. */
interface Stretch {
  readonly run: Run;
  readonly fromMs: number;
  toMs: number;
}

export class ProgressWitness {
  /** While nobody was there, true time. */
  private away: { readonly fromMs: number; readonly toMs: number } | undefined;
  /** By position: when some were connected to one server and some to another, true time. */
  private readonly apartMs = new Map<number, number>();
  /** When an instance told of a node that shows an older id than the others have noted, at the first beat after the healing. */
  private metOldIdAtMs: number | undefined;
  /** By position: when a node first refused a claim for the ids that it named, after the healing. */
  private readonly refusedAtMs = new Map<number, number>();
  private readonly deaths: { readonly run: Run; readonly atMs: number }[] = [];
  private readonly heldUp: { readonly task: string; readonly atMs: number }[] = [];

  constructor(
    private readonly history: History,
    private readonly runs: RunWitness,
    private readonly profile: Profile,
    private readonly rules: {
      readonly policiesOf: (task: string) => SimulatedPolicies;
      readonly lateLimitMs: number;
    },
    private readonly instances: readonly Pick<Resident, 'won' | 'machine' | 'connections'>[],
  ) {}

  /** From now on nobody is there, for so long; they had the locks of these tasks, and may lose them. */
  allAway(forMs: number, held: readonly string[]): void {
    const fromMs = this.history.nowMs();
    this.away = { fromMs, toMs: fromMs + forMs };
    this.died(held, []);
  }

  /** An instance has died that had the locks of these tasks, and was running these. */
  died(tasks: readonly string[], runs: readonly Run[]): void {
    const atMs = this.history.nowMs();
    for (const run of runs) this.deaths.push({ run, atMs });
    for (const task of tasks) this.heldUp.push({ task: taskOfRunLock(task), atMs });
  }

  /**
   * A node has refused a claim for the ids that it names, or has no vote: somebody means another server by it. Where an instance has
   * kept its connection to the other server nothing is promised.
   */
  refusedForIds(server: Server, instanceId: string): void {
    const { healedAtMs, votesAfterMs } = this.profile;
    const { position, label } = server;
    const nowMs = this.history.nowMs();
    if (!this.isAlone(server)) this.apartMs.set(position, nowMs);
    this.refusedOnAndOn(position, nowMs);
    const sinceMs = nowMs - Math.max(healedAtMs, this.apartMs.get(position) ?? 0);
    if (votesAfterMs === undefined || sinceMs <= 0) return;
    this.history.peak('most ms until every node votes', Math.ceil(sinceMs));
    if (sinceMs >= votesAfterMs)
      this.history.fail('every node votes for everybody when healed', `${label} for ${instanceId}`);
  }

  /** An instance meets an older id at a node than the other nodes have noted. Such a node votes again when the id was given up. */
  metOldId(): void {
    const nowMs = this.history.nowMs();
    const { healedAtMs } = this.profile;
    if (nowMs >= healedAtMs && nowMs < healedAtMs + MET_WITHIN_MS) this.metOldIdAtMs ??= nowMs;
  }

  /** It knows ids of other nodes that were replaced by lower ones while nobody asked it. These are given up, or its own is. */
  private refusedOnAndOn(position: number, nowMs: number): void {
    const { healedAtMs, hasRivals = false } = this.profile;
    if (!hasRivals || nowMs < healedAtMs) return;
    const firstMs = this.refusedAtMs.get(position) ?? nowMs;
    this.refusedAtMs.set(position, firstMs);
    if (firstMs < healedAtMs + REFUSED_WITHIN_MS && nowMs >= firstMs + LASTING_MS)
      this.metOldIdAtMs ??= firstMs;
  }

  /** Whether everybody alive is connected to this server of its position. */
  private isAlone(server: Server): boolean {
    const living = this.instances.filter(({ machine }) => !machine.isDead);
    const connections = living.flatMap((one) => one.connections);
    return connections.every((one) => one.position !== server.position || one.server === server);
  }

  /** At the end of a world that was healed. */
  check(): void {
    for (let index = 0; index < this.profile.tasks; index += 1) this.checkTask(`t${index}`);
    for (const { run, atMs } of this.deaths) this.checkRetaken(run, atMs);
  }

  private checkTask(task: string): void {
    const { periodMs, durationMs, healedAtMs, liveAfterMs = LIVE_AFTER_MS } = this.profile;
    const stretches = this.stretchesOf(task);
    const liveFromMs = Math.max(healedAtMs + liveAfterMs, (this.metOldIdAtMs ?? 0) + VOTES_AGAIN_MS);
    const from = Math.ceil(liveFromMs / periodMs) * periodMs;
    const healed = Math.ceil(healedAtMs / periodMs) * periodMs;
    // Where all instances bid at once they may split the votes for a tick to its end, but not for one after the other.
    const mayMiss = this.profile.everyInstanceBids ? 1 : 0;
    let missed = 0;
    for (let atMs = healed; atMs <= durationMs - LAST_MS; atMs += periodMs) {
      const isMissed =
        !this.runs.started.has(`${task} ${EPOCH_MS + atMs}`) &&
        !this.wasNobodyThere(task, atMs) &&
        !this.mayBePassedOver(task, atMs, stretches);
      missed = isMissed ? missed + 1 : 0;
      if (missed <= mayMiss) continue;
      if (atMs >= from) this.history.fail('every tick runs when healed', `${task}@${atMs}`);
      else this.history.peak('most ms until every tick runs', atMs + periodMs - healedAtMs);
    }
  }

  /** Whether the tick was missed by everybody, or held up by the dead, and is not made up for. */
  private wasNobodyThere(task: string, atMs: number): boolean {
    const isHeldUp = this.heldUp.some(
      (death) =>
        death.task === task && atMs >= death.atMs - MAX_RUN_MS && atMs <= death.atMs + RETAKEN_WITHIN_MS,
    );
    if (isHeldUp) return true;
    if (this.away === undefined) return false;
    const { fromMs, toMs } = this.away;
    if (atMs < fromMs - COMMON_ROUND_MS || atMs > toMs + FOUND_WITHIN_MS) return false;
    const { misfire, misfireWithinMs, countsFromMs } = this.rules.policiesOf(task);
    const isInBound = EPOCH_MS + atMs >= countsFromMs && toMs + FOUND_WITHIN_MS - atMs < misfireWithinMs;
    if (misfire !== 'all' || !isInBound || this.wasClaimed(task, atMs)) return true;
    if (atMs < fromMs || atMs > toMs - this.profile.periodMs) return true;
    return false;
  }

  private wasClaimed(task: string, atMs: number): boolean {
    return this.instances.some(({ won }) => won.has(`${task} ${EPOCH_MS + atMs}`));
  }

  /** Whether an earlier run went on while the tick was in time. */
  private mayBePassedOver(task: string, atMs: number, stretches: readonly Stretch[]): boolean {
    const policies = this.rules.policiesOf(task);
    const { overlap } = policies;
    const { periodMs } = this.profile;
    // Ticks are adopted, or refused, when their contest begins.
    const mayBeRefused = overlap === 'buffer_one';
    const covering = stretches.filter(
      ({ run, fromMs, toMs }) =>
        run.tick < EPOCH_MS + atMs &&
        fromMs < atMs + COMMON_ROUND_MS &&
        toMs > atMs + (mayBeRefused ? -ADOPTED_MS : COMMON_ROUND_MS),
    );
    return covering.some(({ run, fromMs, toMs }) => {
      if (toMs === Number.POSITIVE_INFINITY) return true;
      // Ticks that are made up for go first, each with a run of its own.
      if (isCatchingUp(run, policies, this.rules.lateLimitMs)) return true;
      if (overlap === 'skip') return true;
      const first = Math.ceil((fromMs + 1) / periodMs) * periodMs;
      return overlap === 'buffer_one' && atMs > first;
    });
  }

  private stretchesOf(task: string): readonly Stretch[] {
    const stretches: Stretch[] = [];
    for (const run of this.runs.all.filter((one) => one.task === task)) {
      const last = stretches.at(-1);
      if (last !== undefined && this.hasTakenOn(last, run)) last.toMs = run.startedAtMs;
      const toMs = run.end?.endedAtMs ?? (run.machine.isDead ? run.startedAtMs : Number.POSITIVE_INFINITY);
      if (last?.run.tick === run.tick) last.toMs = toMs;
      else stretches.push({ run, fromMs: run.startedAtMs, toMs });
    }
    return stretches;
  }

  /** Whether ticks in line start one after the other, under a lock that is kept meanwhile. */
  private hasTakenOn({ run: before, toMs }: Stretch, run: Run): boolean {
    const { policiesOf, lateLimitMs } = this.rules;
    const isNext = before.machine === run.machine && run.startedAtMs - toMs < NEXT_IN_LINE_MS;
    return isNext && isCatchingUp(run, policiesOf(run.task), lateLimitMs);
  }

  private checkRetaken(run: Run, diedAtMs: number): void {
    const { recovery, recoveryWithinMs, countsFromMs } = this.rules.policiesOf(run.task);
    if (recovery !== 'retake' || run.tick < countsFromMs) return;
    const tickMs = run.tick - EPOCH_MS;
    if (diedAtMs + RETAKEN_WITHIN_MS - tickMs > recoveryWithinMs) return;
    const again = this.runs.all.find(
      (one) => one.task === run.task && one.tick === run.tick && one.attempt > run.attempt,
    );
    if (again !== undefined && again.startedAtMs <= diedAtMs + RETAKEN_WITHIN_MS) {
      this.history.count('retaken after a death');
      return;
    }
    this.history.fail('a tick whose instance died in its run is run again', nameOf(run));
  }
}
