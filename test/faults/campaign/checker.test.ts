import { describe, expect, it } from 'vitest';
import { allBut, evidenceOf, incident, life, line, run, tickOf, word } from './account/made-up.js';
import { violationsOf } from './account/report.js';
import { isClean, tallyUp } from './account/tally.js';

const kindsOf = (evidence: Parameters<typeof tallyUp>[0]): readonly string[] =>
  tallyUp(evidence).broken.map(({ kind }) => kind);

describe('broken promises of a campaign', () => {
  it('are none when every tick was started once, one run after the other', () => {
    const tally = tallyUp(evidenceOf(allBut()));
    expect(isClean(tally)).toBe(true);
    expect(tally.total).toMatchObject({ due: 10, runs: 10, doubled: 0, overlaps: 0, misses: [] });
  });

  it('find a tick that two replicas started', () => {
    const again = run(4, { replica: 'B', monotonicMs: 4_100 });
    expect(kindsOf(evidenceOf([...allBut(), ...again]))).toContain('doubled');
  });

  it('find a tick that one replica started twice', () => {
    expect(kindsOf(evidenceOf([...allBut(), ...run(4, { monotonicMs: 4_200 })]))).toEqual(['doubled']);
  });

  it('find a tick that was started twice although nobody counts it as due', () => {
    const early = [...run(-30), ...run(-30, { replica: 'B' })];
    expect(kindsOf(evidenceOf([...allBut(), ...early]))).toEqual(['doubled']);
  });

  it('find a run that was trusted when the next one had started', () => {
    const long = [line('start', 3), line('trusted', 3, { monotonicMs: 4_010 })];
    expect(kindsOf(evidenceOf([...allBut(3), ...long]))).toEqual(['overlap under trust']);
  });

  it('find an overlap that only the last line of the older run shows', () => {
    const long = [line('start', 3), line('end', 3, { monotonicMs: 5_500 })];
    const kinds = kindsOf(evidenceOf([...allBut(3, 4), ...run(4, { replica: 'B' }), ...long]));
    expect(kinds).toEqual(['overlap under trust', 'overlap under trust']);
  });

  it('let a run go on whose lease had ended before the next one started', () => {
    const stale = [
      line('start', 3),
      line('trusted', 3, { monotonicMs: 3_900 }),
      line('aborted', 3, { monotonicMs: 9_000, trustedForMs: 0 }),
    ];
    expect(kindsOf(evidenceOf([...allBut(3), ...stale]))).toEqual([]);
  });

  it('do not blame a run for a later one whose own lease had ended', () => {
    const long = [line('start', 3), line('end', 3, { monotonicMs: 4_500 })];
    const stale = line('start', 4, { replica: 'B', trustedForMs: 0 });
    expect(kindsOf(evidenceOf([...allBut(3, 4), ...long, stale]))).toEqual([]);
  });

  it('find tokens that do not grow', () => {
    const late = run(3, { monotonicMs: 4_300 });
    expect(kindsOf(evidenceOf([...allBut(3), ...late]))).toEqual(['token not growing']);
  });

  it('count a start that came after its lease as stale, whatever its token', () => {
    const stale = line('start', 3, { replica: 'B', monotonicMs: 5_900, trustedForMs: 0 });
    const tally = tallyUp(evidenceOf([...allBut(3), stale]));
    expect(tally.broken).toEqual([]);
    expect(tally.staleStarts).toBe(1);
  });

  it('count a fault that was not seen to take effect', () => {
    const unseen = incident('redis: FLUSHALL', 2_500, 2_600, { evidence: undefined });
    const evidence = evidenceOf(allBut(), { incidents: [unseen] });
    const tally = tallyUp(evidence);
    expect(isClean(tally)).toBe(false);
    expect(tally.rows).toMatchObject([{ fault: 'redis: FLUSHALL', times: 1, verified: 0 }]);
    expect(violationsOf(tally, evidence)[0]).toContain('not verified: redis: FLUSHALL');
  });
});

describe('a missed tick', () => {
  const reasonsOf = (evidence: Parameters<typeof tallyUp>[0]): readonly string[] =>
    tallyUp(evidence).total.misses.map(({ reason }) => reason);

  it('is unexplained when nothing had happened, and shows what was said', () => {
    const evidence = evidenceOf(allBut(5), {}, [word('A', 5, 'no_quorum', 'the vote was split')]);
    expect(reasonsOf(evidence)).toEqual(['unexplained']);
    const [text] = violationsOf(tallyUp(evidence), evidence);
    expect(text).toContain(`unexplained miss: settle ${tickOf(5)}`);
    expect(text).toContain('the vote was split');
  });

  it('is unexplained when an instance that was well had claimed it, whatever happened to others', () => {
    const stopped = incident('replica: SIGSTOP', 4_500, 6_000, { effect: { replicas: ['B'] } });
    const words = [word('C', 5, 'taken', 'claimed by id-A'), word('B', 5, 'misfire', '900 ms late')];
    expect(reasonsOf(evidenceOf(allBut(5), { incidents: [stopped] }, words))).toEqual(['unexplained']);
  });

  it('is unexplained when a replica was merely asked to end', () => {
    const lives = [life('A', { toMs: 4_990, isGraceful: true }), life('B'), life('C')];
    const words = [word('B', 5, 'taken', 'claimed by id-A')];
    expect(reasonsOf(evidenceOf(allBut(5), { lives }, words))).toEqual(['unexplained']);
  });

  it('is explained by a majority of masters that was down, and not by a minority', () => {
    const down = (nodes: readonly number[]) =>
      incident('redis: SIGSTOP', 4_500, 5_700, { effect: { nodes } });
    expect(reasonsOf(evidenceOf(allBut(5), { incidents: [down([0, 2])] }))).toEqual(['lost quorum']);
    expect(reasonsOf(evidenceOf(allBut(5), { incidents: [down([0])] }))).toEqual(['unexplained']);
  });

  it('is explained by masters that abstain after they lost their memory, for no longer than they do', () => {
    const flush = incident('redis: all flushed', 1_500, 1_510, { effect: { nodes: [0, 1], forgets: true } });
    const reasons = reasonsOf(evidenceOf(allBut(3, 8), { incidents: [flush] }));
    expect(reasons).toEqual(['lost quorum', 'unexplained']);
  });

  it('is explained by cut links only where every replica lacks a majority', () => {
    const cut = (replicas: readonly string[]) => {
      const links = replicas.flatMap((replica) => [0, 1].map((node) => ({ replica, node })));
      return incident('link: partition', 4_000, 6_000, { effect: { links } });
    };
    expect(reasonsOf(evidenceOf(allBut(5), { incidents: [cut(['A', 'B', 'C'])] }))).toEqual(['lost quorum']);
    expect(reasonsOf(evidenceOf(allBut(5), { incidents: [cut(['A'])] }))).toEqual(['unexplained']);
  });

  it('is explained by a winner that died after its claim', () => {
    const lives = [life('A', { toMs: 4_985 }), life('B'), life('C')];
    const words = [word('B', 5, 'taken', 'claimed by id-A')];
    expect(reasonsOf(evidenceOf(allBut(5), { lives }, words))).toEqual(['dead winner']);
  });

  it('is explained by a winner that was stopped and came too late', () => {
    const stopped = incident('replica: SIGSTOP', 4_985, 7_000, { effect: { replicas: ['A'] } });
    const words = [word('A', 5, 'misfire', '2000 ms late, limit 400 ms')];
    expect(reasonsOf(evidenceOf(allBut(5), { incidents: [stopped] }, words))).toEqual(['dead winner']);
  });

  it('is explained by a run that went on, and not by one that had ended', () => {
    const long = [line('start', 3), line('end', 3, { monotonicMs: 5_400 })];
    expect(reasonsOf(evidenceOf([...allBut(3, 4, 5), ...long]))).toEqual([
      'earlier run goes on',
      'earlier run goes on',
    ]);
    const over = [line('start', 3), line('end', 3, { monotonicMs: 4_800 })];
    expect(reasonsOf(evidenceOf([...allBut(3, 4, 5), ...over]))).toEqual([
      'earlier run goes on',
      'unexplained',
    ]);
  });

  it('is explained by replicas none of which could act', () => {
    const stopped = incident('replica: SIGSTOP', 4_500, 7_000, { effect: { replicas: ['B', 'C'] } });
    const lives = [life('A', { toMs: 4_000 }), life('B'), life('C'), life('D', { fromMs: 4_900 })];
    expect(reasonsOf(evidenceOf(allBut(5), { incidents: [stopped], lives }))).toEqual(['all unable']);
  });

  it('is explained by a machine that gave a process no time', () => {
    const starvation = [{ process: 'redis 1', fromMs: 4_900, toMs: 5_100, waitedMs: 140 }];
    expect(reasonsOf(evidenceOf(allBut(5), { starvation }))).toEqual(['starved machine']);
    expect(reasonsOf(evidenceOf(allBut(7), { starvation }))).toEqual(['unexplained']);
    const words = [word('B', 7, 'overlap', 'lock held by id-A')];
    expect(reasonsOf(evidenceOf(allBut(7), { starvation }, words))).toEqual(['starved machine']);
  });
});

describe('the row of a fault', () => {
  it('counts what was due until the cluster had recovered, and how long that took', () => {
    const frozen = incident('redis: two stopped (SIGSTOP)', 2_500, 4_600, { effect: { nodes: [0, 1] } });
    const [row] = tallyUp(evidenceOf(allBut(3, 4), { incidents: [frozen] })).rows;
    expect(row).toMatchObject({ times: 1, verified: 1, due: 3, runs: 1, doubled: 0, overlaps: 0 });
    expect(row?.misses.map(({ reason }) => reason)).toEqual(['lost quorum', 'lost quorum']);
    expect(row).toMatchObject({ fromStrikeMs: [2_502], latenessMs: [2], fromHealMs: [402] });
  });
});
