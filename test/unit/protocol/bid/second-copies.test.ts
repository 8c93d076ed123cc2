/** When a message with claims that named an old id is sent again, and what for. */

import { describe, expect, it } from 'vitest';
import type { ElectorateView } from '#src/protocol/contract/electorate-view.js';
import type { LedgerIds } from '#src/protocol/contract/ledger-id.js';
import type { Claim, ClaimTerms, ClaimVote, VotingNode } from '#src/protocol/contract/ports.js';
import { QuorumTickLedger } from '#src/protocol/ledger/quorum-tick-ledger.js';

const SET = { generation: 1, positions: ['n1', 'n2', 'n3'], leaseTtlMs: 3_000 };
const OLD: LedgerIds = { n1: '1.a', n2: '1.b', n3: '1.c' };
const NEW: LedgerIds = { ...OLD, n3: '2.d' };

function claimOf(task: string): Claim {
  return { task, tick: 5_000, claimId: `me:${task}`, maxLatenessMs: 400 };
}

/** Three nodes; what each answers is given by task, and may hang on the names. */
function ledgerOf(
  voteOf: (position: string, task: string, ids: LedgerIds) => ClaimVote['kind'],
  learnt = NEW,
) {
  const sent: string[] = [];
  let ids = OLD;
  const nodes = SET.positions.map((position) => ({
    position,
    label: position,
    callDeadlineMs: () => 0,
    claim: async (claims: readonly Claim[], terms: ClaimTerms) => {
      if (position === 'n1')
        sent.push(`${claims.map(({ task }) => task)} by ${terms.ids === NEW ? 'new' : 'old'}`);
      const votes = claims.map(({ task }) => ({ kind: voteOf(position, task, terms.ids) }));
      return { answered: true, nodeTimeMs: 5_000, value: { votes, ids: learnt } };
    },
  })) as unknown as readonly VotingNode[];
  const electorate = {
    namedIds: () => ids,
    terms: (_node: VotingNode, named: LedgerIds) => ({ set: SET, ids: named, deadlineMs: 0 }),
    renamed: () => {
      ids = learnt;
    },
  } as unknown as ElectorateView;
  return { ledger: new QuorumTickLedger(nodes, electorate), sent };
}

describe('a message with claims that names an old id', () => {
  it('is not sent again for what its first copy has decided, and says by which names each was won', async () => {
    const { ledger, sent } = ledgerOf((position, task, ids) => {
      if (task === 'decided') return position === 'n3' ? 'renamed' : 'granted';
      return ids === NEW ? 'granted' : 'renamed';
    });
    expect(await ledger.claim([claimOf('decided'), claimOf('open')])).toMatchObject([
      { kind: 'won', ids: OLD },
      { kind: 'won', ids: NEW },
    ]);
    expect(sent).toEqual(['decided,open by old', 'open by new']);
  });

  it('is not sent again where there is nothing better to name', async () => {
    const { ledger, sent } = ledgerOf((position) => (position === 'n1' ? 'granted' : 'unconfirmed'), OLD);
    expect(await ledger.claim([claimOf('open')])).toMatchObject([{ kind: 'no_quorum' }]);
    expect(sent).toEqual(['open by old']);
  });
});
