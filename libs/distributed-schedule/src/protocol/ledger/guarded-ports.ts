/** No port rejects behind this guard: one error that escaped would end the contest of every task due at that instant. */

import type { DueTick } from '../contract/due-tick.js';
import type { PeekAnswer } from '../contract/line-past.js';
import type { ScheduleObserver } from '../contract/observer.js';
import type {
  AnswersWanted,
  BeatVerdict,
  CarriedClaims,
  Claim,
  ClaimsOnTheWay,
  ClaimVerdict,
  LockProvider,
  Membership,
  TickLedger,
  TickRef,
} from '../contract/ports.js';
import type { PruneAnswer, PruneRequest } from '../contract/prunable-lines.js';
import type { StandbyTicks } from '../contract/standby-set.js';
import { answersTo } from './line-past.js';

export interface GuardedLedger {
  /** One verdict per claim, in order; none where the ledger threw. */
  claim(claims: readonly Claim[], answers?: AnswersWanted): Promise<readonly ClaimVerdict[]>;
  /** Undefined: they are claimed by a message of their own. */
  carry(claims: readonly Claim[]): ClaimsOnTheWay | undefined;
  giveBack(claims: readonly Claim[]): Promise<void>;
  /** One answer per tick, in order, in full; `unknown` where the ledger gave none. */
  peek(dues: readonly DueTick[]): Promise<readonly PeekAnswer[]>;
  runsOnce(task: string): boolean;
  lineOf(task: string): string | undefined;
  /** Absent where nothing is ever forgotten. */
  readonly prune?: (request: PruneRequest) => Promise<PruneAnswer>;
}

export interface GuardedMembership {
  /** Undefined where the beat failed. */
  beat(instanceId: string, dues: readonly DueTick[], standby?: StandbyTicks): Promise<BeatAnswer | undefined>;
  leave(instanceId: string): Promise<void>;
}

export interface BeatAnswer extends Omit<BeatVerdict, 'peeks'> {
  /** One per tick, in order. */
  readonly peeks: readonly PeekAnswer[];
}

interface Ports {
  readonly locks: LockProvider;
  readonly ledger: TickLedger;
  readonly membership: Membership;
}

interface GuardedPorts {
  readonly locks: LockProvider;
  readonly ledger: GuardedLedger;
  readonly membership: GuardedMembership;
}

export function guardPorts({ locks, ledger, membership }: Ports, observer: ScheduleObserver): GuardedPorts {
  return {
    locks: guardLocks(locks, observer),
    ledger: guardLedger(ledger, observer),
    membership: guardMembership(membership, observer),
  };
}

export function guardLedger(ledger: TickLedger, observer: ScheduleObserver): GuardedLedger {
  const { prune } = ledger;
  return {
    claim: (claims, answers) =>
      guarded(observer, 'tick ledger: claim', [], () => ledger.claim(claims, answers)),
    carry: (claims) => carried(ledger, claims, observer),
    giveBack: (claims) => guarded(observer, 'giving back', undefined, () => ledger.giveBack(claims)),
    peek: (dues) =>
      guarded(observer, 'tick ledger: peek', answersTo(dues.length, []), async () =>
        answersTo(dues.length, await ledger.peek(dues.map(toRef))),
      ),
    runsOnce: (task) => ledger.runsOnce?.(task) === true,
    lineOf: (task) => ledger.lineOf?.(task),
    ...(prune && {
      prune: (request) =>
        guarded(observer, 'tick ledger: prune', NOTHING_PRUNED, () => prune.call(ledger, request)),
    }),
  };
}

function carried(
  ledger: TickLedger,
  claims: readonly Claim[],
  observer: ScheduleObserver,
): ClaimsOnTheWay | undefined {
  try {
    const onTheWay = ledger.carry?.(claims);
    if (onTheWay === undefined) return undefined;
    return {
      carried: onTheWay.carried,
      get haveLeft() {
        return onTheWay.haveLeft;
      },
      verdicts: (...asked) => guarded(observer, 'tick ledger: claim', [], () => onTheWay.verdicts(...asked)),
    };
  } catch (error) {
    observer.observe({ type: 'error', error, where: 'tick ledger: carry' });
    return undefined;
  }
}

/** Without a verdict a lock is neither acquired nor extended; one that was not released expires. */
export function guardLocks(locks: LockProvider, observer: ScheduleObserver): LockProvider {
  const { keepEnds } = locks;
  return {
    tryAcquire: (tasks, ttlMs, carried?: CarriedClaims) =>
      guarded(observer, 'lock provider: tryAcquire', [], () => locks.tryAcquire(tasks, ttlMs, carried)),
    extend: (held, ttlMs) => guarded(observer, 'lock provider: extend', [], () => locks.extend(held, ttlMs)),
    release: (held) => guarded(observer, 'lock provider: release', undefined, () => locks.release(held)),
    ...(keepEnds && {
      keepEnds: (ended) =>
        guarded(observer, 'lock provider: ends', undefined, () => keepEnds.call(locks, ended)),
    }),
  };
}

export function guardMembership(membership: Membership, observer: ScheduleObserver): GuardedMembership {
  return {
    beat: (instanceId, dues, standby) =>
      guarded(observer, 'membership: beat', undefined, async () => {
        const verdict = await membership.beat(instanceId, dues.map(toRef), standby);
        return { ...verdict, peeks: answersTo(dues.length, verdict.peeks) };
      }),
    leave: (instanceId) =>
      guarded(observer, 'membership: leave', undefined, () => membership.leave(instanceId)),
  };
}

const NOTHING_PRUNED: PruneAnswer = { pruned: 0, isUnfinished: false };

async function guarded<T, N>(
  observer: ScheduleObserver,
  where: string,
  noAnswer: N,
  call: () => Promise<T>,
): Promise<T | N> {
  try {
    return await call();
  } catch (error) {
    observer.observe({ type: 'error', error, where });
    return noAnswer;
  }
}

function toRef({ task, tick }: DueTick): TickRef {
  return { task: task.name, tick };
}
