import { describe, expect, it } from 'vitest';
import { allBut, evidenceOf, incident, word } from './account/made-up.js';
import { tallyUp } from './account/tally.js';

function reasonsOf(evidence: Parameters<typeof tallyUp>[0]): readonly string[] {
  return tallyUp(evidence).total.misses.map(({ reason }) => reason);
}

describe('a missed tick of a cluster whose nodes are not who they were', () => {
  it('is explained by a node that forgot while another one was away, until that one has noted it', () => {
    const flush = incident('redis: FLUSHALL', 0, 10, { effect: { nodes: [0], forgets: true } });
    const down = (untilMs: number) =>
      incident('redis: one down for long', -2_000, untilMs, { effect: { nodes: [1] } });
    const third = incident('redis: SIGSTOP', 7_500, 8_500, { effect: { nodes: [2] } });
    const reasons = (...incidents: ReturnType<typeof incident>[]) =>
      reasonsOf(evidenceOf(allBut(8), { incidents: [...incidents, third] }));
    expect(reasons(flush, down(6_000))).toEqual(['lost quorum']);
    expect(reasons(flush, down(1_500))).toEqual(['unexplained']);
    expect(reasons(flush)).toEqual(['unexplained']);
  });

  it('is explained by nodes that instances name as without a vote, each after a fork or a loss of memory', () => {
    const fork = (node: number) =>
      incident('link: name led elsewhere', 500, 1_500, { effect: { forks: [node] } });
    const words = [word('A', 5, 'no_quorum', 'no bid: node 1: no_vote, node 3: superseded')];
    const reasons = (...incidents: ReturnType<typeof incident>[]) =>
      reasonsOf(evidenceOf(allBut(5), { incidents }, words));
    expect(reasons(fork(0), fork(2))).toEqual(['lost quorum']);
    expect(reasons(fork(0))).toEqual(['unexplained']);
    // With its vote it gets a floor, and grants nothing for a second.
    const floored = [
      word('A', 5, 'no_quorum', 'claim: node 1: quarantined, node 2: granted, node 3: renamed'),
    ];
    expect(reasonsOf(evidenceOf(allBut(5), { incidents: [fork(0), fork(2)] }, floored))).toEqual([
      'lost quorum',
    ]);
    expect(reasonsOf(evidenceOf(allBut(5), { incidents: [fork(2)] }, floored))).toEqual(['unexplained']);
    expect(reasonsOf(evidenceOf(allBut(5), { incidents: [fork(0), fork(2)] }))).toEqual(['unexplained']);
    const longAgo = (node: number) =>
      incident('link: name led elsewhere', -18_000, -17_000, { effect: { forks: [node] } });
    expect(reasons(longAgo(0), longAgo(2))).toEqual(['unexplained']);
  });

  it('is explained by a file of long ago: ids that it names anew are given up after a while, and noted by nobody before', () => {
    const forgot = incident('redis: all flushed', -90_000, -89_900, {
      effect: { nodes: [0, 1, 2], forgets: true },
    });
    const old = (healedMs: number) =>
      incident('redis: back from an old file', healedMs - 500, healedMs, {
        effect: { nodes: [2], forgets: true, isOld: true },
      });
    const down = incident('redis: one down for long', -14_000, 9_500, {
      effect: { nodes: [1], forgets: true },
    });
    const reasons = (...incidents: ReturnType<typeof incident>[]) =>
      reasonsOf(evidenceOf(allBut(8), { incidents }));
    // Node 2 goes down before the ids are given up, and so notes nothing until it is back.
    expect(reasons(forgot, old(-20_000), down)).toEqual(['lost quorum']);
    expect(reasons(old(-20_000), down)).toEqual(['unexplained']);
    expect(reasons(forgot, old(-30_000), down)).toEqual(['unexplained']);
  });

  it('is explained by nodes that gave up their ids for a third one that came back from a file of long ago', () => {
    const forgot = incident('redis: all flushed', -90_000, -89_900, {
      effect: { nodes: [0, 1, 2], forgets: true },
    });
    const old = (healedMs: number) =>
      incident('redis: back from an old file', healedMs - 500, healedMs, {
        effect: { nodes: [2], forgets: true, isOld: true },
      });
    const words = [word('A', 5, 'no_quorum', 'no bid: node 1: no_vote, node 2: no_vote')];
    const reasons = (...incidents: ReturnType<typeof incident>[]) =>
      reasonsOf(evidenceOf(allBut(5), { incidents }, words));
    expect(reasons(forgot, old(-6_000))).toEqual(['lost quorum']);
    expect(reasons(old(-6_000))).toEqual(['unexplained']);
    // Not before they are given up, and not when others have had the time to note the new ones.
    expect(reasons(forgot, old(-4_000))).toEqual(['unexplained']);
    expect(reasons(forgot, old(-10_000))).toEqual(['unexplained']);
  });

  it('is explained by a name that led elsewhere, and whose node waits for the notes of one that is down', () => {
    const fork = incident('link: name led elsewhere', -21_000, -19_000, { effect: { forks: [0] } });
    const down = (untilMs: number) =>
      incident('redis: one down for long', -15_000, untilMs, { effect: { nodes: [2], forgets: true } });
    const words = [
      word('A', 8, 'no_quorum', 'lock: 1 acquired, 1 its server has no vote, 1 not connected of 3 nodes'),
    ];
    const reasons = (...incidents: ReturnType<typeof incident>[]) =>
      reasonsOf(evidenceOf(allBut(8), { incidents }, words));
    expect(reasons(fork, down(9_000))).toEqual(['lost quorum']);
    expect(reasons(fork, down(2_000))).toEqual(['unexplained']);
    expect(reasons(down(9_000))).toEqual(['unexplained']);
  });
});
