import { describe, expect, it } from 'vitest';
import type { Claim, TickLedger } from '#src/protocol/contract/ports.js';
import { LeaseClaims } from '#src/protocol/lease/lease-claims.js';
import { TimeoutLedger } from '#src/protocol/timeouts/timeout-ledger.js';

const claim = (tick: number, claimId: string): Claim => ({
  task: 'settle',
  tick,
  claimId,
  maxLatenessMs: 500,
});

describe('the claims that a renewal shows', () => {
  it('are the newest instant won, and what was claimed for later ones, also where that was given up', () => {
    const claims = new LeaseClaims({ line: 'settle' });
    claims.opened(claim(1_000, 'a'));
    claims.won(claim(1_000, 'a'));
    claims.opened(claim(2_000, 'b'));
    claims.opened(claim(3_000, 'c'));
    expect(claims.shown()).toEqual({ line: 'settle', won: 1_000, open: ['b', 'c'] });
    claims.won(claim(2_000, 'b'));
    expect(claims.shown()).toEqual({ line: 'settle', won: 2_000, open: ['c'] });
  });

  it('end with the tick where runs may overlap', () => {
    let last = 1_031;
    const claims = new LeaseClaims({ line: 'settle', lastInstant: () => last });
    claims.opened(claim(1_000, 'a'));
    claims.won(claim(1_000, 'a'));
    last = 2_031;
    expect(claims.shown()).toMatchObject({ won: 1_000, upTo: 2_031 });
  });

  it('are bounded: a holder whose claims are all refused gathers no more than a few', () => {
    const claims = new LeaseClaims({ line: 'settle' });
    for (let tick = 1; tick <= 200; tick += 1) claims.opened(claim(tick, `claim ${tick}`));
    const { open } = claims.shown();
    expect(open).toHaveLength(64);
    expect(open.at(-1)).toBe('claim 200');
  });
});

describe('the line of the nodes in which the runs of a task stand', () => {
  const ledger = (given: Partial<TickLedger>): TickLedger => ({
    claim: async () => [],
    giveBack: async () => undefined,
    peek: async () => [],
    ...given,
  });

  it('is the second one of a task that runs once', () => {
    const once = new TimeoutLedger(ledger({ lineOf: (line) => line }));
    once.limit('warm up', 'deploy 1');
    expect(once.lineOf('settle')).toBe('settle');
    expect(once.lineOf('warm up')).toBe('warm up{deploy 1{runs');
  });

  // Nodes that know nothing of the claims would take everybody for the holder, also one after whom somebody else has run.
  it('is none where the ledger was replaced by one that is not on the nodes', () => {
    const once = new TimeoutLedger(ledger({}));
    once.limit('warm up', 'deploy 1');
    expect([once.lineOf('settle'), once.lineOf('warm up')]).toEqual([undefined, undefined]);
  });
});
