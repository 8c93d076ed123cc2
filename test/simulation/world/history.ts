/** What really happened in a simulated world, written down where it happened, and what must be true of it. */

import type { Claim, ClaimVote } from '../../../libs/distributed-schedule/src/protocol/ports.js';
import type { TickContext } from '../../../libs/distributed-schedule/src/protocol/tick-context.js';
import { EPOCH_MS, type Machine } from './machine.js';
import type { Server } from './server.js';

/** One run of a handler. */
export interface Run {
  readonly task: string;
  readonly tick: number;
  readonly instanceId: string;
  readonly token: number;
  /** True time, ms since the world began. */
  readonly startMs: number;
  readonly context: TickContext;
  readonly machine: Machine;
}

interface Grant {
  readonly claimId: string;
  readonly atMs: number;
}

export interface Violation {
  readonly rule: string;
  readonly detail: string;
}

export class History {
  readonly runs: Run[] = [];
  readonly violations: Violation[] = [];
  readonly counters = new Map<string, number>();
  readonly trace: string[] = [];
  private readonly started = new Map<string, Run>();
  private readonly lastRun = new Map<string, Run>();
  /** Runs that may still be trusted, and all that have not returned. */
  private readonly open = new Set<Run>();
  private readonly running = new Set<Run>();
  /** Runs without trust at the last look: the wall clock may end it a moment before the timer does. */
  private readonly untold = new Map<Run, number>();
  private readonly endedMs = new Map<Run, number>();
  /** Per server and task, the newest grant of this incarnation. */
  private readonly newest = new Map<string, { tick: number; claimId: string }>();
  /** Per tick the claims that stand or stood, with the servers that granted them. */
  private readonly grants = new Map<string, Map<string, Map<number, Grant>>>();
  private readonly givenBack = new Set<string>();
  private readonly lossMs = new Map<number, number>();
  private steppedMs = Number.NEGATIVE_INFINITY;

  constructor(
    private readonly nowMs: () => number,
    private readonly servers: number,
    /** Without run locks runs may overlap, and at periods near EARLY start in another order than they were granted. */
    private readonly isLockless: boolean,
  ) {}

  count(what: string): void {
    this.counters.set(what, (this.counters.get(what) ?? 0) + 1);
  }

  note(line: string): void {
    if (this.trace.length < MOST_LINES) this.trace.push(`${this.nowMs().toFixed(1).padStart(10)}  ${line}`);
  }

  fail(rule: string, detail: string): void {
    this.violations.push({ rule, detail });
    this.note(`!! ${rule}: ${detail}`);
  }

  /** A node's clock that steps forward ends its locks and its quarantine early: the lease promises nothing then. */
  clockStepped(): void {
    this.steppedMs = this.nowMs();
  }

  lost(server: Server): void {
    this.lossMs.set(server.index, this.nowMs());
    for (const key of this.newest.keys()) {
      if (key.startsWith(`${server.index} `)) this.newest.delete(key);
    }
  }

  voted(server: Server, claim: Claim, vote: ClaimVote): void {
    this.count(vote.kind);
    const tickKey = `${claim.task} ${claim.tick}`;
    if (vote.kind === 'taken') this.count('contested');
    if (vote.kind !== 'granted') return;
    const claims = this.grants.get(tickKey) ?? new Map<string, Map<number, Grant>>();
    this.grants.set(tickKey, claims);
    const grants = claims.get(claim.claimId) ?? new Map<number, Grant>();
    claims.set(claim.claimId, grants);
    if (grants.has(server.index)) this.count('granted again');
    grants.set(server.index, { claimId: claim.claimId, atMs: this.nowMs() });
    this.checkRise(server, claim);
    this.checkOneMajority(tickKey, claims);
  }

  gaveBack(claim: Claim): void {
    this.givenBack.add(claim.claimId);
    this.count('given back');
  }

  forgotten(server: Server, claim: Claim): void {
    const key = `${server.index} ${claim.task}`;
    if (this.newest.get(key)?.claimId === claim.claimId) this.newest.delete(key);
  }

  start(context: TickContext, machine: Machine): Run {
    const run: Run = {
      task: context.task,
      tick: context.tick,
      instanceId: context.instanceId,
      token: context.fencingToken,
      startMs: this.nowMs(),
      context,
      machine,
    };
    this.note(`${context.instanceId} starts ${context.task}@${context.tick - EPOCH_MS}`);
    if (context.remainingMs() <= 0) this.fail('no start without trust', `${run.task} ${run.tick - EPOCH_MS}`);
    this.checkOnce(run);
    if (!this.isLockless) {
      this.checkOrder(run);
      this.checkOverlap(run);
    }
    this.runs.push(run);
    this.open.add(run);
    this.running.add(run);
    return run;
  }

  end(run: Run): void {
    this.open.delete(run);
    this.running.delete(run);
    this.endedMs.set(run, this.nowMs());
    this.note(`${run.instanceId} ends ${run.task}@${run.tick - EPOCH_MS}`);
  }

  /** Runs whose handlers have not returned, or so lately that their report may be on its way. */
  unfinished(): readonly Run[] {
    const justEnded = [...this.endedMs].filter(([, endMs]) => this.nowMs() - endMs < REPORT_DELAY_MS);
    return [...this.running, ...justEnded.map(([run]) => run)];
  }

  /** A run whose trust has ended must have been told, unless its process could not run. */
  checkSignals(): void {
    for (const run of this.open) {
      const { machine, context } = run;
      if (machine.isDead || context.signal.aborted) this.open.delete(run);
      else if (context.remainingMs() > 0 || !machine.hasRunFor(SIGNAL_TOLERANCE_MS)) this.untold.delete(run);
      else if (this.nowMs() - this.sinceUntold(run) > machine.noticesTrustEndWithinMs) {
        this.fail(
          'the signal aborts when trust ends',
          `${run.instanceId} ${run.task} ${run.tick - EPOCH_MS}`,
        );
        this.open.delete(run);
      }
    }
  }

  private sinceUntold(run: Run): number {
    const sinceMs = this.untold.get(run) ?? this.nowMs();
    this.untold.set(run, sinceMs);
    return sinceMs;
  }

  private checkOnce(run: Run): void {
    const key = `${run.task} ${run.tick}`;
    const first = this.started.get(key);
    if (first !== undefined) {
      this.fail('a tick starts once', `${key} by ${first.instanceId} and ${run.instanceId}`);
    }
    this.started.set(key, run);
  }

  private checkOrder(run: Run): void {
    const last = this.lastRun.get(run.task);
    if (last !== undefined && run.token <= last.token) {
      this.fail('tokens grow', `${run.task}: ${run.token - EPOCH_MS} after ${last.token - EPOCH_MS}`);
    }
    this.lastRun.set(run.task, run);
  }

  private checkOverlap(run: Run): void {
    if (this.nowMs() - this.steppedMs < STEP_FORGOTTEN_MS) return;
    for (const other of this.open) {
      const isTrusted = !other.machine.isDead && other.context.remainingMs() > 0;
      if (other.task === run.task && isTrusted) {
        this.fail('trusted runs do not overlap', `${run.task}: ${other.instanceId} and ${run.instanceId}`);
      }
    }
  }

  private checkRise(server: Server, claim: Claim): void {
    const key = `${server.index} ${claim.task}`;
    const newest = this.newest.get(key);
    if (newest !== undefined && claim.tick < newest.tick) {
      this.fail('grants rise', `${key}: ${claim.tick - EPOCH_MS} after ${newest.tick - EPOCH_MS}`);
    }
    this.newest.set(key, { tick: claim.tick, claimId: claim.claimId });
    if (this.nowMs() - (this.lossMs.get(server.index) ?? Number.NEGATIVE_INFINITY) < NEAR_LOSS_MS) {
      this.count('grant soon after a loss');
    }
  }

  private checkOneMajority(tickKey: string, claims: ReadonlyMap<string, ReadonlyMap<number, Grant>>): void {
    const majorities = [...claims].filter(
      ([claimId, grants]) => grants.size * 2 > this.servers && !this.givenBack.has(claimId),
    );
    if (majorities.length > 1) {
      this.fail(
        'one majority per tick',
        `${tickKey}: ${majorities.map(([claimId]) => claimId).join(' and ')}`,
      );
    }
  }
}

const MOST_LINES = 20_000;
const REPORT_DELAY_MS = 2_000;
/** Two times to live: the longest quarantine and the longest trust. */
const STEP_FORGOTTEN_MS = 6_000;
const NEAR_LOSS_MS = 3_000;
/** A timer of the machine may be due at the very same moment. */
const SIGNAL_TOLERANCE_MS = 5;
