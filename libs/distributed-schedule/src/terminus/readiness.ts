import {
  aheadSentence,
  type ClockView,
  isMajoritySetBack,
  setBackSentence,
} from '../messages/clock-teller.js';
import { type StoreStatus, sentencesOf } from '../messages/store-status.js';
import type { RegisteredTask } from '../nest/distributed-schedule.registry.js';
import { isoTime } from '../protocol/contract/iso-time.js';
import type { Outcome } from '../protocol/contract/outcome.js';
import type { RunInFlight, RunState } from '../protocol/contract/run-in-flight.js';
import { spoken } from '../protocol/contract/spoken.js';
import type { SchedulerState, SchedulerStatus } from '../protocol/scheduler/scheduler-parts.js';

/** A health page with thousands of tasks helps nobody. */
const MAX_TASKS_SHOWN = 100;

/** Above this the machine's clock deserves a look. Ticks follow cluster time and stay on time. */
const LARGE_SKEW_MS = 1_000;

const WORTH_COUNTING_MS = 10_000;

/** What a health page shows of a scheduler: no host names of stores, no secrets, nothing that a user's handler threw. */
export interface ReadinessDetails extends Record<string, unknown> {
  readonly state: SchedulerState;
  /** Why this instance is not at its best. Empty when it is. */
  readonly impaired: readonly string[];
  /** What is worth a look without harming a tick. */
  readonly warnings: readonly string[];
  readonly nodes: number;
  readonly nodesAnswering: number;
  readonly quorum: boolean;
  readonly store: StoreStatus;
  /** Live instances, this one included. */
  readonly members: number;
  /** This machine's clock minus cluster time; null until a majority of nodes was heard. */
  readonly clockSkewMs: number | null;
  /** Ticks that nobody ran, or whose instance died, and own runs that were stuck, as found since the start. Impairs nothing. */
  readonly audit: SchedulerStatus['audit'];
  readonly leases: SchedulerStatus['leases'];
  /** Runs of this instance that go on for too long, oldest first; at most a hundred. */
  readonly stuck: readonly StuckRunDetails[];
  /** By name; at most a hundred. */
  readonly tasks: Readonly<Record<string, TaskDetails>>;
}

interface StuckRunDetails {
  readonly task: string;
  /** ISO times. */
  readonly tick: string;
  readonly since: string;
  readonly attempt: number;
  readonly state: RunState;
}

interface TaskDetails {
  /** ISO time of the next tick, or null when there is none any more. */
  readonly next: string | null;
  /** How the newest tick ended here; null before the first one has. */
  readonly last: { readonly tick: string; readonly outcome: Outcome } | null;
}

export function readinessOf(
  status: SchedulerStatus,
  store: StoreStatus,
  registered: readonly RegisteredTask[],
): ReadinessDetails {
  const { state, nodes, nodesAnswering, quorum, members, skewMs, audit, leases } = status;
  return {
    state,
    impaired: [...impairmentsOf(status, store), ...tasksLeftAlone(status, registered)],
    warnings: [
      ...skewWarnings(status),
      isMajoritySetBack(clocksOf(status)) ? undefined : setBackSentence(clocksOf(status)),
      ...(lacksQuorum(status) ? [] : nodeSentences(store)),
      ...nodeOddities(store),
    ].filter((line) => line !== undefined),
    ...{ nodes, nodesAnswering, quorum, store, audit },
    members: members.length,
    clockSkewMs: skewMs === undefined ? null : Math.round(skewMs),
    leases: leases.map(({ task, tick, remainingMs }) => ({
      task,
      tick,
      remainingMs: Math.round(remainingMs),
    })),
    stuck: stuckRuns(status).map(({ task, tick, startedMs, attempt, state }) => ({
      ...{ task, tick: isoTime(tick), since: isoTime(Math.round(startedMs)), attempt, state },
    })),
    tasks: Object.fromEntries(
      status.tasks.slice(0, MAX_TASKS_SHOWN).map((task) => [task.name, detailsOf(task)]),
    ),
  };
}

function impairmentsOf(status: SchedulerStatus, store: StoreStatus): readonly string[] {
  const { state, quorum, nodeSet, leases, tasks } = status;
  const isRunning = state === 'running' && quorum;
  const lost = leases.filter(({ remainingMs }) => remainingMs <= 0);
  return [
    state === 'fenced' &&
      'a newer generation of the node set is in use, so this instance has stopped bidding',
    ...(lacksQuorum(status) ? [quorumSentence(status), ...nodeSentences(store)] : []),
    // Without a majority the set cannot stand, and one line is enough.
    isRunning &&
      nodeSet !== undefined &&
      nodeSet.condition !== 'bids' &&
      `this instance does not bid: ${nodeSet.detail}`,
    ...lost.map(({ task }) => `a run of '${task}' goes on although its lease is lost`),
    isMajoritySetBack(clocksOf(status)) && setBackSentence(clocksOf(status)),
    aheadSentence(clocksOf(status)),
    ...stuckRuns(status).map(stuckSentence),
    // While no beat finds a majority either, one line says it for all tasks.
    ...(isRunning ? tasksWithoutMajority(tasks) : []),
  ].filter((line) => typeof line === 'string');
}

function clocksOf({ nodeSet, nodes, clockAheadMs = 0 }: SchedulerStatus): ClockView {
  return { setBackMs: nodeSet?.setBackMs ?? {}, nodes, aheadMs: clockAheadMs };
}

function stuckRuns({ runs }: SchedulerStatus): SchedulerStatus['runs'] {
  return runs.filter(({ isStuck }) => isStuck).slice(0, MAX_TASKS_SHOWN);
}

function stuckSentence({ task, tick, startedMs, state }: RunInFlight): string {
  const how = state === 'running' ? '' : ` as ${state}`;
  return `a run of '${task}' is stuck: that of tick ${isoTime(tick)} goes on${how} since ${isoTime(Math.round(startedMs))}`;
}

/** Idle is an instance that does not bid (`enabled: false`), or has not begun to. */
function lacksQuorum({ state, quorum }: SchedulerStatus): boolean {
  return state === 'running' && !quorum;
}

/** What it means is how long no task could start. That of a moment is no news. */
function quorumSentence({ nodes, nodesAnswering, hadQuorum, withoutQuorumMs = 0 }: SchedulerStatus): string {
  const count = `no quorum${hadQuorum ? '' : ' yet'}: ${nodesAnswering} of ${nodes} nodes answer`;
  return withoutQuorumMs < WORTH_COUNTING_MS
    ? count
    : `${count}, and no task could start here for ${spoken(withoutQuorumMs)}`;
}

/** The nodes answer beats and yet decide no tick: quarantined, of another time, or refusing scripts that write. */
function tasksWithoutMajority(tasks: SchedulerStatus['tasks']): string[] {
  return tasks
    .filter(({ lastReport }) => lastReport?.outcome === 'no_quorum')
    .slice(0, MAX_TASKS_SHOWN)
    .map(
      ({ name, lastReport }) =>
        `ticks of '${name}' find no majority: ${lastReport?.detail ?? 'too few votes'}`,
    );
}

/** A rolling deploy is no trouble; these last until a person does something. Not of an instance that does not bid at all. */
function tasksLeftAlone({ state }: SchedulerStatus, registered: readonly RegisteredTask[]): string[] {
  if (state !== 'running') return [];
  return registered
    .flatMap(({ name, conditions: { other_app, unusable } }) => {
      const why = other_app ?? unusable;
      return why === undefined ? [] : [`'${name}' is left alone: ${why}`];
    })
    .slice(0, MAX_TASKS_SHOWN);
}

function skewWarnings({ skewMs }: SchedulerStatus): string[] {
  if (skewMs === undefined || Math.abs(skewMs) <= LARGE_SKEW_MS) return [];
  return [
    `this machine's clock is ${Math.abs(Math.round(skewMs))} ms ${skewMs > 0 ? 'ahead of' : 'behind'} cluster time`,
  ];
}

function nodeSentences({ nodes }: StoreStatus): readonly string[] {
  return sentencesOf(nodes.filter(({ answering, problem }) => !answering || problem !== undefined));
}

function nodeOddities({ nodes }: StoreStatus): readonly string[] {
  return nodes.flatMap(({ label, warnings = [] }) => warnings.map((warning) => `${label}: ${warning}`));
}

function detailsOf({ nextTick, lastReport }: SchedulerStatus['tasks'][number]): TaskDetails {
  return {
    next: nextTick === undefined ? null : isoTime(nextTick),
    last: lastReport === undefined ? null : { tick: isoTime(lastReport.tick), outcome: lastReport.outcome },
  };
}
