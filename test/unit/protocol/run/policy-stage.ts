/** Three instances and one task with a policy, on a clock that is moved by hand: who starts what, and when. */

import type { TickReport } from '#src/protocol/contract/outcome.js';
import type { NodeReply, TickLedger, VotingNode } from '#src/protocol/contract/ports.js';
import { DEFAULT_POLICIES, type TaskPolicies } from '#src/protocol/contract/task-policies.js';
import type { TickContext } from '#src/protocol/contract/tick-context.js';
import { type Member, MemoryCluster } from '#src/testing/memory-cluster.js';
import { between } from '../../../support/between.js';
import { every, reportsOf, taskOf } from '../../../support/tasks.js';
import { aroundNode, severable } from '../../../support/wrapped-node.js';

export const PERIOD_MS = 5_000;
/** New nodes abstain from locks for a while; the ticks before this are nobody's business. */
const SETTLED_MS = 7_500;

/** One call of the handler. Ticks are counted from the first one after the stage was set. */
export interface Start {
  readonly tick: number;
  readonly attempt: number;
  readonly instanceId: string;
  /** Time since the first tick of the stage, ms. */
  readonly atMs: number;
  /** `fencingToken - tick`. */
  readonly tokenStep: number;
}

export type Work = (context: TickContext, start: Start) => unknown;

export class PolicyStage {
  readonly cluster = new MemoryCluster();
  readonly starts: Start[] = [];
  /** By instant of the ledger, the claim that has won it. */
  readonly won = new Map<number, string>();
  private readonly policies: TaskPolicies;
  private readonly cutOff = new Set<string>();
  private lostAnswers = 0;
  private readonly members: Member[] = [];
  private firstMs = Number.POSITIVE_INFINITY;
  private isPeekSilent: () => boolean = () => false;
  private isUnheard: (instant: number) => boolean = () => false;

  constructor(
    given: Partial<TaskPolicies>,
    private readonly work: Work,
    private readonly periodMs = PERIOD_MS,
  ) {
    this.policies = { ...DEFAULT_POLICIES, ...given };
  }

  /** Starts instances and waits until their cluster is in its stride, right before tick 0. */
  async set(instances = 3): Promise<void> {
    for (let index = 0; index < instances; index += 1) this.join();
    await this.cluster.clock.advance(SETTLED_MS);
    const nowMs = this.cluster.clock.wallMs();
    this.firstMs = (Math.floor(nowMs / this.periodMs) + 1) * this.periodMs;
    await this.until(-100);
  }

  /** Moves time on to so many ms after tick 0. */
  async until(sinceFirstMs: number): Promise<void> {
    await this.cluster.clock.advanceTo(this.firstMs + sinceFirstMs);
  }

  join(): Member {
    const state = { id: `instance-${this.cluster.members.length + 1}` };
    const member = this.cluster.join(
      [taskOf((context) => this.run(context), { schedule: every(this.periodMs), policies: this.policies })],
      {
        wrapNode: (node) => this.severable(state.id, node),
        wrapLocks: (locks) => severable(locks, () => this.cutOff.has(state.id)),
        wrapLedger: (ledger) => this.watched(ledger),
      },
    );
    this.members.push(member);
    return member;
  }

  /** From now on nothing of the instance reaches anybody: as good as dead. */
  kill(instanceId: string): void {
    this.cutOff.add(instanceId);
  }

  /** Asked before each look into the ledger: whether it stays without an answer. */
  silencePeeks(isSilent: () => boolean): void {
    this.isPeekSilent = isSilent;
  }

  /** Asked before each claim, by the instant that is claimed, since tick 0: whether no majority answers it. */
  leaveUnheard(isUnheard: (instant: number) => boolean): void {
    this.isUnheard = isUnheard;
  }

  /** Ends all instances in order. */
  async stopAll(): Promise<void> {
    const stopped = Promise.all(this.members.map(({ scheduler }) => scheduler.stop()));
    await this.cluster.clock.advance(2_000);
    await stopped;
  }

  /** `tick@attempt` of every start, in order. */
  story(): readonly string[] {
    return this.starts.map(({ tick, attempt }) => (attempt === 1 ? `${tick}` : `${tick} again`));
  }

  startOf(tick: number, attempt = 1): Start | undefined {
    return this.starts.find((start) => start.tick === tick && start.attempt === attempt);
  }

  /** The outcomes that the living instances have reported for a tick, without `taken`. */
  outcomes(tick: number): readonly string[] {
    return this.reports(tick)
      .map(({ outcome }) => outcome)
      .sort();
  }

  /** What those of them say that have met the run lock of another instance. */
  details(tick: number): readonly (string | undefined)[] {
    return this.reports(tick)
      .filter(({ by, instanceId }) => by !== undefined && by !== instanceId)
      .map(({ detail }) => detail);
  }

  private reports(tick: number): readonly TickReport[] {
    return this.members
      .filter(({ id }) => !this.cutOff.has(id))
      .flatMap(({ events }) => reportsOf(events))
      .filter((report) => report.tick === this.firstMs + tick * this.periodMs && report.outcome !== 'taken');
  }

  private run(context: TickContext): unknown {
    // What ran while the cluster found its stride is nobody's business.
    if (context.tick < this.firstMs || this.cutOff.has(context.instanceId)) return undefined;
    const start: Start = {
      tick: (context.tick - this.firstMs) / this.periodMs,
      attempt: context.attempt,
      instanceId: context.instanceId,
      atMs: this.cluster.clock.wallMs() - this.firstMs,
      tokenStep: context.fencingToken - context.tick,
    };
    this.starts.push(start);
    return this.work(context, start);
  }

  private watched(ledger: TickLedger): TickLedger {
    return between(ledger, {
      instead: {
        claim: async (ask, claims) =>
          claims.some(({ tick }) => this.isUnheard(tick - this.firstMs))
            ? claims.map(() => ({ kind: 'no_quorum', reason: 'unheard', votesOut: 0 }))
            : ask(),
        peek: async (ask, ticks) => (this.isPeekSilent() ? ticks.map(() => ({ kind: 'unknown' })) : ask()),
      },
      after: {
        claim: (verdicts, claims) =>
          claims.forEach(({ tick, claimId }, index) => {
            if (verdicts[index]?.kind === 'won') this.won.set(tick, claimId);
          }),
      },
    });
  }

  private severable(id: string, node: VotingNode): VotingNode {
    const cut = async (): Promise<NodeReply<never>> => ({ answered: false, reason: 'cut' });
    let answersLost = 0;
    return aroundNode(node, async (ask, call) => {
      if (this.cutOff.has(id)) return cut();
      if (call !== 'claim' || answersLost >= this.lostAnswers) return ask();
      answersLost += 1;
      await ask();
      return cut();
    });
  }

  /** From now on each node acts on the next claims of each instance, so many, and the answers are lost. */
  loseAnswersToClaims(count: number): void {
    this.lostAnswers = count;
  }
}

/** Work that takes so long, or ends when its signal aborts. */
export function workFor(
  stage: () => PolicyStage,
  durationMs: number,
): (context: TickContext) => Promise<void> {
  return async ({ signal }) => {
    const { clock } = stage().cluster;
    await clock.sleepUntil(clock.monotonicMs() + durationMs, signal);
  };
}
