import { describe, expect, it } from 'vitest';
import { type AuditQuestion, judgeTick } from '#src/protocol/audit/audit-reason.js';
import { DEFAULT_POLICIES, type TaskPolicies } from '#src/protocol/contract/task-policies.js';
import { toAnswer } from '#src/protocol/ledger/line-past.js';
import { taskOf } from '../../../support/tasks.js';

describe('a tick that met the lock of an instance which is no member any more', () => {
  it('does not call that instance dead: it leaves the members when it shuts down, and keeps its lock until its run has ended', () => {
    const verdict = judgeTick({
      due: { task: taskOf(() => undefined), tick: 5_000, maxLatenessMs: 500 },
      report: { task: 'settle', tick: 5_000, outcome: 'overlap', instanceId: 'one', by: 'two' },
      peek: toAnswer({ kind: 'open' }),
      ...{ hadNoAnswer: false, ownFate: undefined, instanceId: 'one', mayRun: true, eligible: () => 1 },
      isAlive: () => false,
    });
    expect(verdict).toMatchObject({
      kind: 'missed',
      finding: {
        cause: 'dead_holder',
        detail: 'every bid met the lock of two, which holds it while it shuts down, or has died',
      },
    });
  });
});

describe('a tick that nobody has claimed', () => {
  const verdictAt = (nodeTimeMs: number | undefined): string =>
    judgeTick({
      due: { task: taskOf(() => undefined), tick: 5_000, maxLatenessMs: 500 },
      report: { task: 'settle', tick: 5_000, outcome: 'no_quorum', instanceId: 'one' },
      peek: toAnswer({ kind: 'open', newest: 4_000, ...(nodeTimeMs !== undefined && { nodeTimeMs }) }),
      ...{ hadNoAnswer: false, ownFate: undefined, instanceId: 'one', mayRun: true, eligible: () => 1 },
      isAlive: () => true,
    }).kind;

  it('is not missed as long as a majority of nodes would grant it by their own clocks, however late it is by cluster time', () => {
    expect(verdictAt(5_500)).toBe('unsure');
    expect(verdictAt(5_501)).toBe('missed');
    // A ledger that cannot tell.
    expect(verdictAt(undefined)).toBe('missed');
  });
});

describe('that a tick is missed is certain only where no policy may start it later', () => {
  const certaintyOf = (policies: Partial<TaskPolicies>, given: Partial<AuditQuestion> = {}): boolean => {
    const task = { ...taskOf(() => undefined), policies: { ...DEFAULT_POLICIES, ...policies } };
    const verdict = judgeTick({
      due: { task, tick: 5_000, maxLatenessMs: 500 },
      report: { task: 'settle', tick: 5_000, outcome: 'no_quorum', instanceId: 'one' },
      peek: toAnswer({ kind: 'open', newest: 4_000, nodeTimeMs: 6_000 }),
      ...{ hadNoAnswer: false, ownFate: undefined, instanceId: 'one', mayRun: true, eligible: () => 1 },
      isAlive: () => true,
      ...given,
    });
    return verdict.kind === 'missed' && verdict.finding.certain;
  };

  it.each<[isCertain: boolean, policies: Partial<TaskPolicies>]>([
    [true, {}],
    [true, { overlap: 'allow' }],
    [true, { recovery: 'retake' }],
    [false, { overlap: 'buffer_one' }],
    [false, { overlap: 'cancel_other' }],
    [false, { misfire: 'latest' }],
    [false, { misfire: 'all' }],
  ])('is %s of what nobody claimed, with %o', (isCertain, policies) => {
    expect(certaintyOf(policies)).toBe(isCertain);
  });

  it('is not certain of its own claim that it gave up where others take up what was claimed and not run', () => {
    const surrendered = {
      ownFate: 'surrendered',
      peek: toAnswer({ kind: 'taken', claimId: 'mine' }),
    } as const;
    expect(certaintyOf({}, surrendered)).toBe(true);
    expect(certaintyOf({ recovery: 'retake' }, surrendered)).toBe(false);
  });
});

describe('a tick that stands in line', () => {
  const kindOf = (given: Partial<AuditQuestion> & { readonly by?: string }): string =>
    judgeTick({
      due: { task: taskOf(() => undefined), tick: 5_000, maxLatenessMs: 500 },
      report: {
        task: 'settle',
        tick: 5_000,
        outcome: 'buffered',
        instanceId: 'one',
        ...(given.by && { by: given.by }),
      },
      peek: toAnswer({ kind: 'open', newest: 4_000, nodeTimeMs: 6_000 }),
      ...{ hadNoAnswer: false, ownFate: undefined, instanceId: 'one', mayRun: true, eligible: () => 1 },
      isAlive: () => true,
      ...given,
    }).kind;

  it('waits behind a run elsewhere while its instance lives, and is missed when that is gone', () => {
    expect(kindOf({ by: 'two' })).toBe('waits');
    expect(kindOf({ by: 'two', isAlive: () => false })).toBe('missed');
    expect(kindOf({ by: 'two', isAlive: () => false, peek: toAnswer({ kind: 'taken' }) })).toBe('missed');
    expect(kindOf({ by: 'two', peek: toAnswer({ kind: 'taken' }) })).toBe('fine');
  });

  it('is up to this instance where the run is its own, as one that was given up', () => {
    expect(kindOf({ by: 'one' })).toBe('fine');
    expect(kindOf({})).toBe('fine');
  });
});
