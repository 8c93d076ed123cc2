/** The composition root: what the protocol needs, put together for one Nest container. */

import type { Provider } from '@nestjs/common';
import { roomOf } from '../control/app-claims.js';
import { BoardDirectory } from '../control/board-directory.js';
import { SetsOnBoard } from '../control/sets-on-board.js';
import { runsTask } from '../control/task-peers.js';
import { tellErrors } from '../messages/handler-failure.js';
import { QuorumRunInquiries } from '../protocol/audit/run-inquiries.js';
import { Board } from '../protocol/board/board.js';
import { BoardRoom } from '../protocol/board/board-room.js';
import { InstanceNotices } from '../protocol/board/instance-notices.js';
import type { BidGate } from '../protocol/contract/electorate-view.js';
import type { Clock, Random } from '../protocol/contract/ports.js';
import type { TickContext } from '../protocol/contract/tick-context.js';
import { Electorate } from '../protocol/electorate/electorate.js';
import { throughCouriers } from '../protocol/ledger/claim-courier.js';
import { QuorumTickLedger } from '../protocol/ledger/quorum-tick-ledger.js';
import { TriggerLedger } from '../protocol/ledger/trigger-ledger.js';
import { FirstReplies } from '../protocol/members/first-replies.js';
import { labelsAsKnown } from '../protocol/members/labels.js';
import { QuorumMembership } from '../protocol/members/quorum-membership.js';
import { ObserverFanout } from '../protocol/scheduler/observer-fanout.js';
import { Scheduler } from '../protocol/scheduler/scheduler.js';
import { ClusterClock } from '../protocol/time/cluster-clock.js';
import { TimeoutAgreement } from '../protocol/timeouts/timeout-agreement.js';
import { TimeoutLedger } from '../protocol/timeouts/timeout-ledger.js';
import type { ModuleOptions } from '../setup/distributed-schedule-options.resolver.js';
import { newTickController, runInTick } from '../system/current-tick.js';
import { idempotencyKey } from '../system/idempotency-key.js';
import { OpenRuns } from '../system/open-runs.js';
import { withPrecision } from '../system/system-clock.js';
import { CLOCK, MODULE_OPTIONS, RANDOM, SCHEDULER, SCHEDULER_HOST } from './distributed-schedule.tokens.js';
import { SchedulerLogObserver } from './log/scheduler-log.observer.js';
import { type BackendEvents, nodeCountOf, openBackend, type ScheduleBackend } from './schedule-backend.js';

/** A scheduler, the board beside it, and the backend that ends with them. */
export interface SchedulerHost {
  readonly scheduler: Scheduler;
  readonly board: Board;
  /** What this app writes on the board, and reads of it. */
  readonly room: BoardRoom;
  readonly sets: SetsOnBoard;
  readonly notices: InstanceNotices;
  readonly timeouts: TimeoutAgreement;
  readonly backend: ScheduleBackend;
  readonly electorate: BidGate;
  readonly runs: OpenRuns;
  /** Connects, once. For the last hook of the boot: an app that does not come up gets no shutdown hooks, and must be able to end. */
  open(): void;
}

export const SCHEDULER_PROVIDERS: readonly Provider[] = [
  SchedulerLogObserver,
  {
    provide: ObserverFanout,
    useFactory: (log: SchedulerLogObserver, options: ModuleOptions) =>
      new ObserverFanout([log, ...options.observers]),
    inject: [SchedulerLogObserver, MODULE_OPTIONS],
  },
  {
    provide: SCHEDULER_HOST,
    // Precision here and not where the clock is provided: a lock provider, which is one of the options, may ask for the clock.
    useFactory: (options: ModuleOptions, clock: Clock, random: Random, observer: ObserverFanout) =>
      createSchedulerHost(options, withPrecision(clock, options.precision), random, observer),
    inject: [MODULE_OPTIONS, CLOCK, RANDOM, ObserverFanout],
  },
  { provide: SCHEDULER, useFactory: (host: SchedulerHost) => host.scheduler, inject: [SCHEDULER_HOST] },
];

async function createSchedulerHost(
  options: ModuleOptions,
  clock: Clock,
  random: Random,
  observer: ObserverFanout,
): Promise<SchedulerHost> {
  const { protocol, instanceId, labels } = options;
  const nodes = nodeCountOf(options);
  const clusterClock = new ClusterClock(clock, nodes);
  const host: Partial<SchedulerHost> = {};
  const events = eventsOf(options, host, clusterClock, observer);
  const backend = await openBackend(options, clock, random, events);
  const voting = throughCouriers(backend.nodes, { clock, nodeTimeoutMs: protocol.nodeTimeoutMs });
  const { app, identityWaitMs, takeOver } = options;
  const electorate = new Electorate({
    ...{ nodes: voting, set: backend.set, app, clock, observer, identityWaitMs, takeOver },
  });
  backend.guardLocks(electorate);
  const ledger = new TimeoutLedger(
    new TriggerLedger(options.tickLedger ?? new QuorumTickLedger(voting, electorate)),
  );
  const board = new Board({ nodes: backend.boards, clock, clusterClock, random, observer });
  const room = new BoardRoom(board, roomOf(app));
  const sets = new SetsOnBoard(board);
  const notices = new InstanceNotices({ board, clock, clusterClock, instanceId, app, labels });
  const timeouts = new TimeoutAgreement({
    ...{ app, clock, clusterClock, board: room, ledger, deploymentKey: options.deploymentKey },
    digest: (task, key) => idempotencyKey(task, key, 0),
  });
  const runs = new OpenRuns();
  const scheduler = new Scheduler({
    ...{ instanceId, nodes, options: protocol, clock, random, clusterClock, ledger, observer },
    locks: runs.counted(options.lockProvider ?? backend.locks),
    membership: new QuorumMembership(voting, electorate),
    inquiries: new QuorumRunInquiries(voting, electorate),
    // Claims on a ledger that is kept elsewhere do not depend on what these nodes think of each other.
    ...(options.tickLedger === undefined && { electorate }),
    isElsewhere: () => options.tickLedger !== undefined,
    labelsOf: labelsAsKnown(instanceId, labels, (other) => notices.labelsOf(other)),
    runsTask: runsTask(app, { notices, sets, room }),
    directory: new BoardDirectory(room, notices),
    onBeat: board.joinBeat,
    idempotencyKey: (task, tick) => idempotencyKey(protocol.namespace, task, tick),
    around: callsOf(options, observer, runs),
    newController: newTickController,
  });
  scheduler.listen(timeouts);
  const made = { scheduler, board, room, sets, notices, timeouts, backend, electorate, runs };
  return Object.assign(host, made, { open: () => open(made) });
}

/** What the backend tells. It is there first, and has nothing to renew before `host` is filled. */
function eventsOf(
  { lockProvider }: ModuleOptions,
  host: Partial<SchedulerHost>,
  clusterClock: ClusterClock,
  observer: ObserverFanout,
): BackendEvents {
  // The board's first exchange goes out before a connection is ready. The next one would keep the boot waiting for its period.
  const firstReplies = new FirstReplies(() => host.board?.flush());
  return {
    onTimeSample: (sample) => {
      clusterClock.observe(sample);
      firstReplies.note(sample);
    },
    // Locks that are kept elsewhere do not depend on what these nodes see.
    onPresenceLost: (position) => {
      if (lockProvider === undefined) host.scheduler?.lostSight(position);
    },
    onPresenceRestored: () => host.scheduler?.renewAll(),
    onProblem: (error, where) => observer.observe({ type: 'error', error, where }),
  };
}

function open({ backend, board }: Pick<SchedulerHost, 'backend' | 'board'>): void {
  backend.connect();
  board.start();
}

/** How handlers are called: remembered while they run, with their context in scope, and what they throw is told. */
function callsOf(
  { onError }: ModuleOptions,
  observer: ObserverFanout,
  runs: OpenRuns,
): (context: TickContext, run: () => unknown) => unknown {
  const tellOfErrors = tellErrors(onError, (error) =>
    observer.observe({ type: 'error', error, where: 'onError' }),
  );
  return (context, run) => runs.during(context, () => runInTick(context, () => tellOfErrors(context, run)));
}
