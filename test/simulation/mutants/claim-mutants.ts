// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are pieces of source text.

/** Breakages of the claim: a tick may then start twice, or not at all. */

import { LEDGER, type Mutant, REFUSAL } from './mutant.js';

const CLAIM_ID = 'claimId: `${parts.instanceId}:${parts.random.id()}${markOf(due)}`';

/** Votes that an earlier attempt got, and gave back, are added to those of this one. */
const LATE_GRANTS = `
    const all = ((this as { past?: Map<string, Set<number>> }).past ??= new Map());
    return claims.map((claim, index) => {
      const key = claim.task + claim.tick;
      const past = all.get(key) ?? new Set<number>();
      all.set(key, past);
      const votes = votesOf(first, index);
      votes.forEach((vote, node) => vote?.kind === 'granted' && past.add(node));
      return named(decideClaim(claim, votes.map((vote, node) => (past.has(node) ? { kind: 'granted' as const } : vote))), firstIds);
    });`;

export const CLAIM_MUTANTS: readonly Mutant[] = [
  {
    name: 'no floor after a loss of memory',
    profiles: ['torture'],
    file: LEDGER,
    find: "if (claim.tick <= memory.floor) return { kind: 'quarantined', ...setBack };",
    replace: '',
  },
  {
    name: 'MARGIN 0',
    profiles: ['torture'],
    file: 'protocol/contract/constants.ts',
    find: 'MARGIN_MS = 900',
    replace: 'MARGIN_MS = 0',
  },
  {
    name: 'the incarnation is not looked at',
    profiles: ['torture'],
    file: LEDGER,
    find: 'if (memory?.incarnation === this.incarnation && memory.sinceMs <= nowMs) return memory;',
    replace: 'if (memory !== undefined) return memory;',
  },
  {
    name: 'no EARLY check',
    profiles: ['torture'],
    file: LEDGER,
    find: "if (claim.tick > nowMs + EARLY_MS) return { kind: 'early', ...setBack };",
    replace: '',
  },
  {
    name: 'EARLY is the caller’s',
    profiles: ['torture'],
    file: LEDGER,
    find: 'claim.tick > nowMs + EARLY_MS',
    replace: 'claim.tick > nowMs + EARLY_MS + claim.maxLatenessMs',
  },
  {
    name: 'the node does not refuse late claims',
    profiles: ['torture'],
    file: LEDGER,
    find: "if (claim.tick < nowMs - claim.maxLatenessMs) return { kind: 'late' };",
    replace: '',
  },
  {
    name: 'an older tick is granted',
    profiles: ['torture'],
    file: LEDGER,
    find: 'claim.tick <= entry.tick',
    replace: 'claim.tick === entry.tick',
  },
  {
    name: 'no idempotent re-grant',
    profiles: ['torture'],
    file: LEDGER,
    find: "if (entry?.tick === claim.tick && entry.claimId === claim.claimId) return { kind: 'granted' };",
    replace: '',
  },
  {
    name: 'quorum is half of the nodes',
    profiles: ['torture'],
    file: 'protocol/contract/quorum.ts',
    find: 'Math.floor(nodes / 2) + 1',
    replace: 'Math.max(1, Math.floor(nodes / 2))',
  },
  {
    name: 'one owner shared by all instances',
    profiles: ['torture'],
    file: 'protocol/ledger/claim-id.ts',
    find: CLAIM_ID,
    replace: "claimId: 'owner'",
  },
  {
    name: 'claim id derived from the tick',
    profiles: ['torture'],
    file: 'protocol/ledger/claim-id.ts',
    find: CLAIM_ID,
    replace: 'claimId: `all:${claimedInstant(due)}`',
  },
  {
    name: 'claim id shared by the attempts of an instance',
    profiles: ['torture'],
    file: 'protocol/ledger/claim-id.ts',
    find: CLAIM_ID,
    replace: 'claimId: `${parts.instanceId}:always`',
  },
  {
    name: 'give-back without compare',
    profiles: ['torture'],
    file: LEDGER,
    find: 'if (entry?.tick !== tick || entry.claimId !== claimId) continue;',
    replace: 'if (entry === undefined) continue;',
  },
  {
    name: 'no give-back',
    profiles: ['liveness'],
    file: 'protocol/bid/surrender.ts',
    find: 'standing.length > 0 ? parts.ledger.giveBack(',
    replace: 'standing.length > 1_000 ? parts.ledger.giveBack(',
  },
  {
    name: 'a claim that has gone with a lost lock is not given back',
    profiles: ['normal'],
    file: 'protocol/bid/lost-claims.ts',
    find: 'if (standing.length > 0) await',
    replace: 'if (standing.length > 1_000) await',
  },
  {
    name: 'a claim that has gone with a lock starts without it',
    profiles: ['normal', 'liveness'],
    file: 'memory/memory-node.ts',
    find: "(index) => votes[index]?.kind === 'acquired'",
    replace: '() => true',
  },
  {
    name: 'claims that go with locks leave no copy to wait for',
    profiles: ['normal', 'liveness'],
    file: 'protocol/ledger/claim-courier.ts',
    find: 'const copies = this.unconfirmed.sent(claims, deadlineMs);\n    return',
    replace: 'const copies = this.unconfirmed.sent([], deadlineMs);\n    return',
  },
  {
    name: 'a grant counts after it was given back',
    profiles: ['torture'],
    file: 'protocol/ledger/quorum-tick-ledger.ts',
    find: 'if (!first.some(isBehind)) return verdicts;',
    replace: LATE_GRANTS,
  },
  {
    name: 'the first grant wins',
    profiles: ['normal'],
    file: 'protocol/ledger/claim-votes.ts',
    find: '  return granted >= quorumOf(votes.length);',
    replace: '  return granted > 0;',
  },
  {
    name: 'a look ends though its answers differ',
    profiles: ['liveness', 'normal'],
    file: 'protocol/ledger/peek-votes.ts',
    find: 'one.tick === other.tick && one.claimId === other.claimId',
    replace: 'one.tick >= 0',
  },
  {
    name: 'a look ends though a node may have forgotten',
    profiles: ['liveness', 'normal'],
    file: 'protocol/ledger/peek-votes.ts',
    find: 'return floor === undefined && prunedUpTo === undefined;',
    replace: 'return floor === undefined || prunedUpTo === undefined;',
  },
  {
    name: 'a silent node counts as a grant',
    profiles: ['torture'],
    file: 'protocol/ledger/claim-votes.ts',
    find: "if (isWon(votes)) return { kind: 'won', ...out };",
    replace:
      "if (count('granted') > 0 && out.votesOut >= quorumOf(votes.length)) return { kind: 'won', ...out };",
  },
  {
    name: 'a claim is given back, and sent again with its id',
    profiles: ['normal'],
    file: 'protocol/bid/open-claims.ts',
    find: 'if (undecided.length > 0) await pauseAfter(parts, copies);',
    replace:
      'void parts.ledger.giveBack(undecided.map(({ claim }) => claim)); if (undecided.length > 0) await pauseAfter(parts, copies);',
  },
  {
    name: 'a give-back is confirmed while a copy is without an answer',
    profiles: ['liveness'],
    file: 'protocol/ledger/unconfirmed-give-backs.ts',
    find: 'if (Math.floor(nodeTimeMs) > deadlineMs) this.kept.delete(key);',
    replace: 'if (Math.floor(nodeTimeMs) > 0) this.kept.delete(key);',
  },
  {
    name: 'give-backs are not kept',
    profiles: ['normal'],
    file: 'protocol/ledger/unconfirmed-give-backs.ts',
    find: 'if (nodeTimeMs === undefined) continue;',
    replace: 'if (nodeTimeMs === undefined) { this.kept.delete(key); continue; }',
  },
  {
    name: 'claims have no deadline',
    profiles: ['normal'],
    file: 'protocol/ledger/claim-courier.ts',
    find: 'const reply = await this.node.claim(claims, terms);',
    replace: 'const reply = await this.node.claim(claims, { ...terms, deadlineMs: 0 });',
  },
  {
    name: 'an instance reports a tick as taken by itself',
    profiles: ['normal', 'liveness'],
    file: 'protocol/bid/own-claims.ts',
    find: 'if (claimId !== undefined) return own.fateOf(claimId);',
    replace: 'if (claimId !== undefined) return undefined;',
  },
  {
    name: 'the node does not know its node set',
    profiles: ['normal'],
    file: REFUSAL,
    find: "if (set.generation < stamp.set.generation) return 'outdated';",
    replace: 'if (set.generation < stamp.set.generation) return undefined;',
  },
  {
    name: 'a newer node set is ignored',
    profiles: ['normal'],
    file: 'protocol/contest/bid-round.ts',
    find: 'parts.stopForGood(verdict.kind);',
    replace: '',
  },
];
