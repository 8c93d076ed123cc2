import { describe, expect, it } from 'vitest';
import { resetLink } from '../../support/faults/link-faults.js';
import type { ProxyLink } from '../../support/faults/tcp-proxy.js';
import type { Facts } from './account/incident.js';
import { allBut, evidenceOf, incident, line, run, tickOf, word } from './account/made-up.js';
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

  it('do not blame a run for a later one whose own lease had ended, but that one', () => {
    const long = [line('start', 3), line('end', 3, { monotonicMs: 4_500 })];
    const stale = line('start', 4, { replica: 'B', trustedForMs: 0 });
    expect(kindsOf(evidenceOf([...allBut(3, 4), ...long, stale]))).toEqual(['start without trust']);
  });

  it('find tokens that do not grow', () => {
    const late = run(3, { monotonicMs: 4_300 });
    expect(kindsOf(evidenceOf([...allBut(3), ...late]))).toEqual(['token not growing']);
  });

  const stale = line('start', 3, { replica: 'B', monotonicMs: 5_900, trustedForMs: 0 });

  it.each<[string, Partial<Facts>]>([
    ['stopped', { incidents: [incident('SIGSTOP', 2_900, 5_890, { effect: { replicas: ['B'] } })] }],
    [
      'cut',
      { incidents: [incident('cut', 4_900, 5_890, { effect: { links: [{ replica: 'B', node: 1 }] } })] },
    ],
    ['by a wrong clock', { incidents: [incident('step', 5_800, 6_200, { effect: { clocks: ['B'] } })] }],
    ['starved', { starvation: [{ process: 'B', fromMs: 5_700, toMs: 5_800, waitedMs: 110 }] }],
  ])('count a start without trust of a replica that was %s as stale, whatever its token', (_, facts) => {
    const tally = tallyUp(evidenceOf([...allBut(3), stale], facts));
    expect(tally.broken).toEqual([]);
    expect(tally.staleStarts).toBe(1);
  });

  it('find a start without trust of a replica to which nothing had happened just then', () => {
    const others = incident('SIGSTOP', 2_900, 5_890, { effect: { replicas: ['A'], nodes: [0, 1] } });
    const before = incident('SIGSTOP', 2_900, 4_500, { effect: { replicas: ['B'] } });
    const evidence = evidenceOf([...allBut(3), stale], { incidents: [others, before] });
    expect(kindsOf(evidence)).toEqual(['start without trust']);
    expect(tallyUp(evidence).staleStarts).toBe(0);
  });

  it('find a calm in which nothing ran', () => {
    const evidence = evidenceOf(allBut(), { silences: [{ fromMs: 1_000, toMs: 16_000 }] });
    expect(kindsOf(evidence)).toEqual(['no recovery']);
    expect(violationsOf(tallyUp(evidence), evidence)[0]).toContain('no run within 15000 ms of calm');
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

describe('a miss that is told', () => {
  const long = (words: Parameters<typeof evidenceOf>[2]): Parameters<typeof tallyUp>[0] => ({
    ...evidenceOf(allBut(5), {}, words),
    // What is new may yet be told.
    lastTick: tickOf(30),
  });
  const untold = (words: Parameters<typeof evidenceOf>[2]): readonly number[] =>
    tallyUp(long(words))
      .untold.map(({ tick }) => tick)
      .filter((tick) => tick <= tickOf(9));

  it('is not told where everybody says that somebody else has it', () => {
    expect(
      untold([word('A', 5, 'taken', 'claimed by id-B'), word('B', 5, 'taken', 'claimed by id-B')]),
    ).toEqual([tickOf(5)]);
    expect(isClean(tallyUp(long([])))).toBe(false);
  });

  it('is told by whoever bid in vain, and by the audit', () => {
    expect(untold([word('A', 5, 'taken'), word('B', 5, 'no_quorum', 'the vote was split')])).toEqual([]);
    expect(untold([word('A', 5, 'taken'), word('B', 5, 'missed', 'unclaimed: nobody')])).toEqual([]);
  });

  it('is not told in time when the word comes long after it', () => {
    const late = { ...word('B', 5, 'missed', 'unclaimed: nobody'), monotonicMs: 20_001 };
    expect(untold([late])).toEqual([tickOf(5)]);
    expect(untold([{ ...late, monotonicMs: 20_000 }])).toEqual([]);
  });

  it('is told with others that were missed while no instance was there', () => {
    const down = (ticks: number) => [{ ...word('A', 8, 'missed', 'while_down: nobody'), ticks }];
    expect(untold(down(4))).toEqual([]);
    expect(untold(down(3))).toEqual([tickOf(5)]);
  });

  it('may yet be told in the last seconds', () => {
    const evidence = { ...evidenceOf(allBut(5), {}, [word('A', 5, 'taken')]), lastTick: tickOf(19) };
    expect(tallyUp(evidence).untold).toEqual([]);
  });
});

describe('a fault of links', () => {
  it('is not seen to take effect when there was nothing to reset', async () => {
    const link = (count: number) => ({ reset: () => Promise.resolve(count) }) as unknown as ProxyLink;
    await expect(resetLink([link(0), link(0)]).strike()).rejects.toThrow('there was no connection to reset');
    expect(await resetLink([link(0), link(2)]).strike()).toBe('2 connections reset');
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
