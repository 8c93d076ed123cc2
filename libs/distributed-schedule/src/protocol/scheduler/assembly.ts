/** Puts the scheduler of one instance together: what each of its rooms needs of the others. */

import { Audit } from '../audit/audit.js';
import { Admission } from '../bid/admission.js';
import { BidLead } from '../bid/bid-lead.js';
import { OwnClaims } from '../bid/own-claims.js';
import { PastWatch } from '../contest/past-watch.js';
import type { ScheduleEvent, ScheduleObserver } from '../contract/observer.js';
import type { TickReport } from '../contract/outcome.js';
import { LeaseKeeper } from '../lease/keep-lease.js';
import { guardPorts } from '../ledger/guarded-ports.js';
import { Pruning } from '../ledger/pruning.js';
import { BeatQuestions } from '../members/beat-questions.js';
import { Heartbeat } from '../members/heartbeat.js';
import type { RankParts } from '../members/ranking.js';
import { RememberedRanks } from '../members/remembered-ranks.js';
import { RunChains } from '../run/run-chains.js';
import type { RunParts } from '../run/run-parts.js';
import { RunRegister } from '../run/run-register.js';
import { LoadGauge } from '../time/load-gauge.js';
import { Portions } from '../time/portions.js';
import { Wakeup } from '../time/wakeup.js';
import { SchedulerLoop } from './scheduler-loop.js';
import type { SchedulerParts } from './scheduler-parts.js';
import { TaskBook } from './task-book.js';

/** What the rooms tell the scheduler, and ask of it. */
export interface SchedulerHooks {
  readonly stopped: AbortSignal;
  readonly isAbandoned: () => boolean;
  readonly tell: (event: ScheduleEvent) => void;
  readonly report: (report: TickReport) => void;
  readonly stopForGood: (reason: 'outdated') => void;
  readonly track: (work: Promise<unknown>) => void;
}

/** Of a stagger: whoever wakes later than that bids when the next in rank does. */
const TOLERABLE_SHARE = 0.5;

export type Assembly = ReturnType<typeof assemble>;

export function assemble(parts: SchedulerParts, hooks: SchedulerHooks) {
  const { options, clock, electorate, pruning } = parts;
  const { tell } = hooks;
  const observer: ScheduleObserver = { observe: tell };
  const ports = guardPorts(parts, observer);
  const [chains, register, wakeup] = [new RunChains(), new RunRegister(), new Wakeup()];
  const book = new TaskBook(options.bidStaggerMs, (error, task) =>
    tell({ type: 'error', error, where: `schedule of ${task}` }),
  );
  const keeper = new LeaseKeeper({ clock, locks: ports.locks, observer, leaseTtlMs: options.leaseTtlMs });
  const ranks = new RememberedRanks();
  const runParts: RunParts & Pick<RankParts, 'ranks'> = {
    ...{ ...parts, ...ports, ...hooks },
    ...{ observer, keeper, chains, register, ranks, ownClaims: new OwnClaims() },
    admission: new Admission(),
    lead: new BidLead(options.bidLeadMs),
    portions: new Portions(clock),
    isRunning: (task) => chains.of(task) !== undefined,
    load: new LoadGauge(clock, options.bidStaggerMs * TOLERABLE_SHARE),
    around: parts.around ?? ((_context, run) => run()),
    members: () => heartbeat.members,
    contenders: (task) => contendersFor(parts, heartbeat.members, task),
    beat: (...asked) => heartbeat.beat(...asked),
  };
  const auditParts = { ...runParts, hasQuorum: () => heartbeat.quorum };
  const audit = new Audit(auditParts, book, (finding) => tell({ type: 'audit', finding }));
  const pastWatch = new PastWatch(runParts);
  const questions = new BeatQuestions({ ...runParts, isElsewhere: parts.isElsewhere });
  const heartbeat = new Heartbeat({ ...parts, ...ports, observer, sources: [pastWatch], questions });
  electorate?.onBeatWanted(() => wakeup.wake());
  const pruner = new Pruning({
    ...runParts,
    tasks: () => book.tasks(),
    ...(pruning && { pace: pruning }),
  });
  const loop = new SchedulerLoop({ ...runParts, book, heartbeat, audit, wakeup, pruning: pruner });
  const { membership } = ports;
  return {
    ...{ book, heartbeat, keeper, membership, runParts, audit },
    ...{ pastWatch, chains, register, ranks, wakeup, loop },
  };
}

/** The live instances that run a task, this one included. */
function contendersFor(
  { instanceId, runsTask }: SchedulerParts,
  members: readonly string[],
  task: string,
): readonly string[] {
  const isOne = (member: string): boolean => member === instanceId || runsTask?.(member, task) !== false;
  // The same list where all do, as nearly always: whoever remembers it sees at once that it is the same.
  return members.every(isOne) ? members : members.filter(isOne);
}
