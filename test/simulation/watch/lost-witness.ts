/** What instances tell about runs that were lost with another one, and what must be true of it. */

import type { AuditFinding } from '#src/protocol/contract/audit-finding.js';
import { hasRun, type TickReport } from '#src/protocol/contract/outcome.js';
import { quorumOf } from '#src/protocol/contract/quorum.js';
import { closingInstant, looksBack } from '#src/protocol/contract/task-policies.js';
import { isClaimOf } from '#src/protocol/ledger/claim-id.js';
import { EPOCH_MS } from '../world/machine.js';
import type { Server } from '../world/server.js';
import type { Instance } from '../world/simulated-instance.js';
import type { WorldParts } from '../world/world-parts.js';
import { nameOf, type Run } from './run.js';

const LOOK_PERIOD_MS = 50;
/** By then the end of a run stands on every node that its instance reaches. */
const WRITTEN_WITHIN_MS = 2_500;
/** A question, its answer, and what is told of it. */
const ASKED_WITHIN_MS = 200;
/** Who has been reachable for so long has beaten, and renewed what it holds. */
const STEADY_MS = 4_000;
/** After the kernel has closed the sockets of a process: the beat, a third of a time to live, and two questions. */
const TOLD_SOON_MS = 2_500;
/** A beat that was under way when its process died lets it count as a member for as long as one that is silent. */
const TOLD_WITHIN_MS = 6_500;

export class LostWitness {
  /** When an instance was last seen to be cut off from a majority, or to stand still, true time. */
  private readonly cutOffMs = new Map<string, number>();
  private readonly diedMs = new Map<string, number>();
  /** By instance, task and tick: when its end was reported, true time. */
  private readonly reportedMs = new Map<string, number>();
  /** By task and tick: whom somebody was told to have claimed it, and who was told. */
  private readonly heard = new Map<string, { readonly by: string; readonly who: string }[]>();
  private readonly told = new Set<string>();
  private disturbedMs = Number.NEGATIVE_INFINITY;

  constructor(private readonly world: () => WorldParts) {}

  watch(): void {
    const { time, instances } = this.parts;
    for (const instance of instances) {
      // What is cut off for less than a look is mended by the next message.
      if (!instance.machine.isDead && !this.isReachable(instance)) this.cutOffMs.set(instance.id, time.nowMs);
    }
    time.schedule(LOOK_PERIOD_MS, () => this.watch());
  }

  reported({ task, tick, outcome, instanceId, by }: TickReport): void {
    if (outcome === 'taken' && by !== undefined) {
      const key = keyOf({ task, tick });
      this.heard.set(key, [...(this.heard.get(key) ?? []), { by, who: instanceId }]);
    }
    if (hasRun(outcome) || this.isFinal(task))
      this.reportedMs.set(`${instanceId} ${task} ${tick}`, this.parts.time.nowMs);
  }

  died(instance: Instance, areSocketsClosed: boolean): void {
    const { time, runs, profile, history, instances } = this.parts;
    this.diedMs.set(instance.id, time.nowMs);
    // The word is for whoever is killed: one that leaves has said so, and may still end its runs.
    if (!areSocketsClosed || instance.isLeaving || profile.tellsEveryLoss !== true) return;
    // Whom nobody knew nobody misses.
    const knowing = instances.filter(
      (one) => one !== instance && one.scheduler.status().members.includes(instance.id),
    );
    for (const run of runs.runningOn(instance.machine)) {
      if (!this.mustBeTold(run, instance, knowing)) continue;
      time.schedule(TOLD_SOON_MS, () => {
        if (!this.canBeTold(run, instance, knowing, TOLD_SOON_MS)) return;
        history.count('lost run that had to be told');
        if (this.told.has(keyOf(run))) history.count('lost run told soon');
      });
      time.schedule(TOLD_WITHIN_MS, () => {
        if (!this.told.has(keyOf(run)) && this.canBeTold(run, instance, knowing, TOLD_WITHIN_MS))
          history.fail('what died with its instance is told in time', `${nameOf(run)} of ${run.instanceId}`);
      });
    }
  }

  /** A server has lost its memory, or its clock has stepped. */
  disturbed(): void {
    this.disturbedMs = this.parts.time.nowMs;
  }

  hasTold({ task, tick }: Pick<AuditFinding, 'task' | 'tick'>): boolean {
    return this.told.has(keyOf({ task, tick }));
  }

  /** The finding of an instance, at the moment at which it is told. */
  tells({ task, tick, detail }: AuditFinding): void {
    this.told.add(keyOf({ task, tick }));
    const { instances, history } = this.parts;
    history.note(() => detail);
    const by = /^claimed by (\S+?),/.exec(detail)?.[1];
    const dead = instances.find(({ id }) => id === by);
    if (dead === undefined) {
      history.fail('what is lost names its instance', detail);
      return;
    }
    const place = `${task}@${tick - EPOCH_MS} of ${dead.id}`;
    if (this.isKnownToHaveEnded(dead, task, tick)) history.fail('what has ended is not told as lost', place);
    if (!dead.machine.isDead && this.wasReachableFor(dead, STEADY_MS, this.parts.time.nowMs))
      history.fail('who lives has lost nothing', place);
  }

  /** By its own report, a while before it died or was cut off, or any time before it left; or by what a majority of servers keeps. */
  private isKnownToHaveEnded(dead: Instance, task: string, tick: number): boolean {
    const { servers, time, claims } = this.parts;
    const reportedMs = this.reportedMs.get(`${dead.id} ${task} ${tick}`);
    const livedUntilMs = this.diedMs.get(dead.id) ?? time.nowMs;
    if (
      reportedMs !== undefined &&
      (dead.hasLeft || reportedMs + WRITTEN_WITHIN_MS < livedUntilMs) &&
      this.disturbedMs < reportedMs - STEADY_MS &&
      // Whoever leaves looks no further: what it could not write by then it never does.
      (this.cutOffMs.get(dead.id) ?? 0) < reportedMs - (dead.hasLeft ? LOOK_PERIOD_MS : 0)
    )
      return true;
    // What it had given up and won again has an end from before, which says nothing of its run.
    const won = claims.lastWonBy(dead.id, task, tick);
    const isMeant = (claimId: string): boolean => isClaimOf(dead.id, claimId) && claimId === (won ?? claimId);
    return servers.every((server) => keepsEnd(server, task, tick, isMeant));
  }

  /** Whether what has not run here when its end was reported never does: no policy starts it later. */
  private isFinal(task: string): boolean {
    const policies = this.parts.policiesOf(task);
    return !looksBack(policies) && (policies.overlap === 'skip' || policies.overlap === 'allow');
  }

  private mustBeTold(run: Run, instance: Instance, knowing: readonly Instance[]): boolean {
    const { policiesOf, time } = this.parts;
    // Another attempt may have been made by the time that anybody asks.
    if (policiesOf(run.task).recovery !== 'lose') return false;
    // Its verdict was told before, as with a handler that goes on after its time.
    if (this.reportedMs.has(`${run.instanceId} ${keyOf(run)}`)) return false;
    return (
      run.context.remainingMs() > 0 &&
      this.wasReachableFor(instance, STEADY_MS, time.nowMs) &&
      this.hasWitness(instance, knowing, STEADY_MS) &&
      this.hasHeard(run)
    );
  }

  private canBeTold(
    run: Run,
    instance: Instance,
    knowing: readonly Instance[],
    sinceDeathMs: number,
  ): boolean {
    const steadyMs = sinceDeathMs + STEADY_MS;
    // Nodes that have forgotten cannot say that there was no end.
    if (this.parts.time.nowMs - this.disturbedMs < steadyMs) return false;
    return this.hasHeard(run) && this.hasWitness(instance, knowing, steadyMs);
  }

  /** Somebody who lives was told who has the tick: of one that was made up for, and followed by another one at once, nobody is. */
  private hasHeard(run: Run): boolean {
    const { instances } = this.parts;
    const heard = this.heard.get(keyOf(run)) ?? [];
    return heard.some(
      ({ by, who }) =>
        by === run.instanceId && instances.some(({ id, machine }) => id === who && !machine.isDead),
    );
  }

  /** Somebody else has been there all the time, and knew it as a member. */
  private hasWitness(dead: Instance, knowing: readonly Instance[], forMs: number): boolean {
    const { time } = this.parts;
    const diedMs = this.diedMs.get(dead.id) ?? time.nowMs;
    return knowing.some(
      (one) =>
        !one.isLeaving &&
        !one.isFenced &&
        diedMs - Math.max(one.bornMs, dead.bornMs) > STEADY_MS &&
        one.machine.hasRunFor(forMs) &&
        this.wasReachableFor(one, forMs, time.nowMs),
    );
  }

  private wasReachableFor(instance: Instance, forMs: number, untilMs: number): boolean {
    const sinceMs = Math.max(instance.bornMs, this.cutOffMs.get(instance.id) ?? 0);
    return sinceMs <= untilMs - forMs;
  }

  private isReachable({ machine, connections, unseenBy }: Instance): boolean {
    const { network } = this.parts;
    if (machine.isDead || machine.isPaused) return false;
    const reached = connections.filter(({ server }) => {
      const { isRequestCut, isReplyCut, areBeatsCut, replyDelayMs } = network.link(machine, server);
      const isCut = isRequestCut || isReplyCut || areBeatsCut || replyDelayMs > 0;
      return !isCut && !server.isDown && !server.isPaused && !server.isBusy && !unseenBy.has(server.index);
    });
    return reached.length >= quorumOf(connections.length);
  }

  private get parts(): WorldParts {
    return this.world();
  }
}

/** For so long that whoever tells of a lost run by its newest question has heard of the end. */
function keepsEnd(
  { model }: Server,
  task: string,
  tick: number,
  isMeant: (claimId: string) => boolean,
): boolean {
  return model
    .endsIn(task)
    .ends.some(
      ({ instant, claimId, atMs }) =>
        instant >= tick &&
        instant <= closingInstant(tick) &&
        isMeant(claimId) &&
        atMs < model.nowMs - ASKED_WITHIN_MS,
    );
}

function keyOf({ task, tick }: Pick<Run, 'task' | 'tick'>): string {
  return `${task} ${tick}`;
}
