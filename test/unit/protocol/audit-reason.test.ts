import { describe, expect, it } from 'vitest';
import { judgeTick } from '../../../libs/distributed-schedule/src/protocol/audit/audit-reason.js';
import { taskOf } from '../../support/tasks.js';

describe('a tick that met the lock of an instance which is no member any more', () => {
  it('does not call that instance dead: it leaves the members when it shuts down, and keeps its lock until its run has ended', () => {
    const verdict = judgeTick({
      due: { task: taskOf(() => undefined), tick: 5_000, maxLatenessMs: 500 },
      report: { task: 'settle', tick: 5_000, outcome: 'overlap', instanceId: 'one', by: 'two' },
      peek: { kind: 'open' },
      ...{ hadNoAnswer: false, ownFate: undefined, instanceId: 'one', mayRun: true, eligible: 1 },
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
      peek: { kind: 'open', newest: 4_000, ...(nodeTimeMs !== undefined && { nodeTimeMs }) },
      ...{ hadNoAnswer: false, ownFate: undefined, instanceId: 'one', mayRun: true, eligible: 1 },
      isAlive: () => true,
    }).kind;

  it('is not missed as long as a majority of nodes would grant it by their own clocks, however late it is by cluster time', () => {
    expect(verdictAt(5_500)).toBe('unsure');
    expect(verdictAt(5_501)).toBe('missed');
    // A ledger that cannot tell.
    expect(verdictAt(undefined)).toBe('missed');
  });
});
