/** Breakages of the policies: what is missed, retaken, repeated, buffered or cancelled wrongly. */

import { LEDGER, type Mutant } from './mutant.js';

const CLAIM_AGAIN = 'protocol/run/claim-again.ts';
const NEXT_START = 'protocol/policies/next-start.ts';
const RUN_CHAIN = 'protocol/run/run-chain.ts';
const NEXT_TICK = 'protocol/run/next-tick.ts';
const OVERLAP = 'protocol/policies/overlap.ts';
const ATTEMPTS_FILE = 'protocol/run/attempts.ts';
const CLOSE =
  'if (!chain.lease.isTrusted()) return;\n  const { claim } = await claimTick(parts, chain, due, () => true);';

const HISTORY: readonly Mutant[] = [
  {
    name: 'no look between lock and claim',
    profiles: ['liveness'],
    file: 'protocol/bid/bid.ts',
    find: 'await chooseStarts(parts, await lockTicks(parts, asked))',
    replace: 'await lockTicks(parts, asked)',
  },
  {
    name: 'a node that has forgotten does not say so',
    profiles: ['liveness'],
    file: LEDGER,
    find: '...(floor > tick && { floor })',
    replace: '',
  },
  {
    name: 'a silent node counts as one that knows nothing',
    profiles: ['liveness', 'normal'],
    file: 'protocol/ledger/line-past.ts',
    find: 'const newest = reached[answers.length - quorum] ?? 0;',
    replace: 'const newest = reached[quorum - 1] ?? 0;',
  },
  {
    name: 'a tick that has ended is retaken',
    profiles: ['liveness'],
    file: NEXT_START,
    find: 'newest === closingInstant(tick)) return undefined;',
    replace: 'newest === 0) return undefined;\n  if (newest === closingInstant(tick)) newest = tick;',
  },
  {
    name: 'a floor is taken for a claim',
    profiles: ['torture', 'normal'],
    file: NEXT_START,
    find: "if (recovery !== 'retake' || closedBy !== 'claim') return undefined;",
    replace: "if (recovery !== 'retake' || closedBy === 'nobody') return undefined;",
  },
  {
    name: 'the bound of recovery is ignored',
    profiles: ['torture', 'liveness'],
    file: NEXT_START,
    find: 'nowMs - tick > recoveryWithinMs',
    replace: 'nowMs - tick > 1e9',
  },
  {
    name: 'the bound of misfire is ignored',
    profiles: ['liveness'],
    file: NEXT_START,
    find: 'nowMs - misfireWithinMs)',
    replace: 'nowMs - 1e9)',
  },
  {
    name: 'latest runs all',
    profiles: ['normal'],
    file: NEXT_START,
    find: "misfire === 'all'\n      ? firstMissed(",
    replace: "misfire !== 'skip'\n      ? firstMissed(",
  },
  {
    name: 'what was before the task counts',
    profiles: ['normal'],
    file: NEXT_START,
    find: 'return task.countsFromMs ?? 0;',
    replace: 'return 0 * (task.countsFromMs ?? 0);',
  },
];

const CLOSING: readonly Mutant[] = [
  {
    name: 'no tick is closed',
    profiles: ['normal'],
    file: CLAIM_AGAIN,
    find: CLOSE,
    replace: 'const claim = undefined as Claim | undefined;',
  },
  {
    name: 'a tick is closed after the release',
    profiles: ['normal'],
    file: CLAIM_AGAIN,
    find: CLOSE,
    replace:
      'const claim: Claim | undefined = undefined as Claim | undefined;\n  void parts.clock.sleepUntil(parts.clock.monotonicMs() + 50).then(() => claimTick(parts, run, due, () => true));',
  },
  {
    name: 'a tick is closed without trust',
    profiles: ['normal'],
    file: CLAIM_AGAIN,
    find: CLOSE,
    replace: 'const { claim } = await claimTick(parts, run, due, () => true);',
  },
  {
    name: 'an unfinished tick is closed',
    profiles: ['normal'],
    file: CLAIM_AGAIN,
    find: "if (policies.recovery === 'retake' && isUnfinished) return;",
    replace: '',
  },
  {
    name: 'what was passed over is not closed',
    profiles: ['normal'],
    file: CLAIM_AGAIN,
    find: 'Math.max(endsTick ? tick : 0, passedUpTo)',
    replace: 'tick',
  },
  {
    name: 'whoever closes takes ticks on',
    profiles: ['normal', 'liveness'],
    file: NEXT_TICK,
    find: '  chain.nothingLeft();\n',
    replace: '',
  },
];

const ATTEMPTS: readonly Mutant[] = [
  {
    name: 'a retry is not claimed',
    profiles: ['normal'],
    file: CLAIM_AGAIN,
    find: "chain.policies.overlap !== 'allow' || (due.attempt ?? 1) === 1",
    replace: '(due.attempt ?? 1) === 1',
  },
  {
    name: 'attempts are not counted',
    profiles: ['normal'],
    file: ATTEMPTS_FILE,
    find: 'attempt: again.attempt,',
    replace: 'attempt,',
  },
  {
    name: 'one token for all attempts',
    profiles: ['normal'],
    file: 'protocol/run/attempt-context.ts',
    find: 'fencingToken: claimedInstant({ tick: due.tick, attempt }),',
    replace: 'fencingToken: due.tick,',
  },
  {
    name: 'what has succeeded is repeated',
    profiles: ['normal'],
    file: ATTEMPTS_FILE,
    find: "if (ending.outcome !== 'failed' && ending.outcome !== 'timed_out') return end(ending);",
    replace: "if (ending.outcome === 'aborted') return end(ending);",
  },
  {
    name: 'a retry does not wait',
    profiles: ['normal'],
    file: 'protocol/policies/backoff.ts',
    find: 'const delayMs = backoffMs * (1 + random() * policy.jitter);',
    replace: 'const delayMs = backoffMs * random() * policy.jitter;',
  },
  {
    name: 'no run times out',
    profiles: ['normal'],
    file: 'protocol/run/run-limits.ts',
    find: "if (!hasCome || !signal.abort('timed_out', error)) return;",
    replace: "if (!hasCome || tick > 0 || !signal.abort('timed_out', error)) return;",
  },
];

const OVERLAPS: readonly Mutant[] = [
  {
    name: 'two ticks are buffered',
    profiles: ['normal'],
    file: OVERLAP,
    find: "return run.waiting.length === 0 ? 'waits' : 'refused';",
    replace: "return run.waiting.length < 2 ? 'waits' : 'refused';",
  },
  {
    name: 'nobody bids for a buffered tick',
    profiles: ['normal'],
    file: NEXT_TICK,
    find: 'const chosen = missed ?? chooseWaiting(parts, chain);',
    replace:
      "const chosen = missed ?? (chain.policies.overlap === 'buffer_one' ? undefined : chooseWaiting(parts, chain));",
  },
  {
    name: 'no run is cancelled',
    profiles: ['normal'],
    file: RUN_CHAIN,
    find: 'if (isCancelledBy(this, tick)) this.cancellation.cancel(this.tick, tick);',
    replace: '',
  },
  {
    name: 'a run is cancelled before the next tick has come',
    profiles: ['normal'],
    file: 'protocol/run/hand-to-run.ts',
    find: 'void clusterClock.sleepUntil(tick, stopped)',
    replace: 'void clusterClock.sleepUntil(tick - 20, stopped)',
  },
  {
    name: 'a contest that has begun is not taken on',
    profiles: ['normal'],
    file: 'protocol/contest/contest.ts',
    find: '    open = stillContested(parts, open);\n',
    replace: '    open = tellEnded(parts, withoutOverdue(open, parts.clusterClock.nowMs(), true));\n',
  },
  {
    name: 'what stands in line has no bound',
    profiles: ['normal'],
    file: OVERLAP,
    find: 'if (isCatchingUp) return nextInLine(run, nowMs, inTime);',
    replace: '',
  },
  {
    name: 'what cannot be claimed any more waits on',
    profiles: ['normal'],
    file: RUN_CHAIN,
    find: 'const ended = this.line.end((one) => one.tick < tick, PASSED_OVER);',
    replace: 'const ended: readonly EndedTick[] = [];',
  },
  {
    name: 'runs that may overlap share a lock',
    profiles: ['liveness'],
    file: 'protocol/lease/run-lock.ts',
    find: "policies?.overlap === 'allow'",
    replace: 'policies === undefined && tick < 0',
  },
];

export const POLICY_MUTANTS: readonly Mutant[] = [...HISTORY, ...CLOSING, ...ATTEMPTS, ...OVERLAPS];
