import { describe, expect, it } from 'vitest';
import { allBut, evidenceOf, incident, life, line, tickOf, word } from './account/made-up.js';
import { violationsOf } from './account/report.js';
import { tallyUp } from './account/tally.js';
import { linkHazards } from './hazards/link-hazards.js';

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

  it('is explained by a clock that was set back only where a bid or the audit says so', () => {
    const stepped = incident('redis: clock stepped', 4_500, 5_700, { effect: { nodes: [1], forgets: true } });
    const said = 'the clocks of its nodes were set back by at least 10 s, and they grant nothing';
    const bids = [word('A', 5, 'clock_set_back', said)];
    const told = [word('A', 5, 'missed', `clock_set_back: ${said}`)];
    const reasons = (incidents: readonly ReturnType<typeof incident>[], words = bids): readonly string[] =>
      reasonsOf(evidenceOf(allBut(5), { incidents }, words));
    expect(reasons([stepped])).toEqual(['clock set back']);
    expect(reasons([stepped], told)).toEqual(['clock set back']);
    expect(reasons([stepped], [word('A', 5, 'no_quorum', 'the vote was split')])).toEqual(['unexplained']);
    expect(reasons([])).toEqual(['unexplained']);
  });

  it('is explained by cut links only where every replica lacks a majority', () => {
    const cut = (replicas: readonly string[]) => {
      const links = replicas.flatMap((replica) => [0, 1].map((node) => ({ replica, node })));
      return incident('link: partition', 4_000, 6_000, { effect: { links } });
    };
    expect(reasonsOf(evidenceOf(allBut(5), { incidents: [cut(['A', 'B', 'C'])] }))).toEqual(['lost quorum']);
    expect(reasonsOf(evidenceOf(allBut(5), { incidents: [cut(['A'])] }))).toEqual(['unexplained']);
  });

  it('is explained by lost answers only where another node has no vote, and a bid says so', () => {
    const hiccup = incident('link: answers lost', 4_950, 5_000, { effect: { hiccups: [0, 1, 2] } });
    const led = incident('link: name led elsewhere', 500, 1_500, { effect: { forks: [2] } });
    const said = 'lock: 1 acquired, 1 its server has no vote, 1 not connected (ECONNRESET) of 3 nodes';
    const words = [word('B', 5, 'taken', 'claimed by id-A'), word('A', 5, 'no_quorum', said)];
    const reasons = (incidents: readonly ReturnType<typeof incident>[], of = words): readonly string[] =>
      reasonsOf(evidenceOf(allBut(5), { incidents }, of));
    expect(reasons([hiccup, led])).toEqual(['lost quorum']);
    expect(reasons([hiccup])).toEqual(['unexplained']);
    expect(reasons([led])).toEqual(['unexplained']);
    expect(reasons([hiccup, led], [word('B', 5, 'taken', 'claimed by id-A')])).toEqual(['unexplained']);
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

  it('is explained by a machine that gave a majority of masters no time, and not by one of three', () => {
    const waits = (...names: readonly string[]) =>
      names.map((process) => ({ process, fromMs: 4_900, toMs: 5_100, waitedMs: 140 }));
    const reasons = (names: readonly string[], ...more: Parameters<typeof word>[]) =>
      reasonsOf(
        evidenceOf(
          allBut(5),
          { starvation: waits(...names) },
          more.map((one) => word(...one)),
        ),
      );
    expect(reasons(['redis 1'])).toEqual(['unexplained']);
    expect(reasons(['redis 1', 'redis 3'])).toEqual(['starved machine']);
    expect(reasons(['A', 'B'])).toEqual(['unexplained']);
    expect(reasons(['A', 'B', 'C'])).toEqual(['starved machine']);
    expect(reasons(['A'], ['B', 5, 'taken', 'claimed by id-A'])).toEqual(['starved machine']);
    expect(reasons(['B', 'C', 'redis 1', 'redis 2'], ['B', 5, 'taken', 'claimed by id-A'])).toEqual([
      'unexplained',
    ]);
    const later = (holder: string) => [word('B', 7, 'overlap', `lock held by id-${holder}`)];
    expect(reasonsOf(evidenceOf(allBut(7), { starvation: waits('A') }, later('A')))).toEqual([
      'starved machine',
    ]);
    expect(reasonsOf(evidenceOf(allBut(7), { starvation: waits('A') }, later('C')))).toEqual(['unexplained']);
  });

  it('is explained by a master that was down and another one that got no time', () => {
    const down = incident('redis: SIGSTOP', 4_500, 5_700, { effect: { nodes: [0] } });
    const starvation = [{ process: 'redis 2', fromMs: 4_900, toMs: 5_100, waitedMs: 140 }];
    expect(reasonsOf(evidenceOf(allBut(5), { incidents: [down], starvation }))).toEqual(['starved machine']);
  });

  it('is unexplained when an idle replica was stopped and the others were well', () => {
    const stopped = incident('replica: SIGSTOP', 4_500, 6_000, { effect: { replicas: ['B'] } });
    const words = [
      word('B', 5, 'misfire', 'noticed 1000 ms late, limit 400 ms'),
      ...['A', 'C'].map((name) => word(name, 5, 'no_quorum', 'the vote was split')),
    ];
    expect(reasonsOf(evidenceOf(allBut(5), { incidents: [stopped] }, words))).toEqual(['unexplained']);
  });

  it('is explained by votes left behind only together with a node that was away', () => {
    const stopped = incident('replica: SIGSTOP', 4_500, 6_000, { effect: { replicas: ['B'] } });
    const down = incident('redis: SIGSTOP', 4_500, 5_700, { effect: { nodes: [1] } });
    const words = [word('A', 5, 'no_quorum', 'the vote was split')];
    const evidence = evidenceOf(allBut(5), { incidents: [stopped, down] }, words);
    expect(tallyUp(evidence).total.misses).toMatchObject([
      {
        reason: 'votes left behind',
        text: 'votes left behind by B (replica: SIGSTOP) while redis 2 (redis: SIGSTOP) was away',
      },
    ]);
    expect(reasonsOf(evidenceOf(allBut(5), { incidents: [down] }, words))).toEqual(['unexplained']);
  });

  describe('while the lock of a run that never ended stands', () => {
    const begun = [line('start', 3), line('trusted', 3, { monotonicMs: 3_500 })];
    const reasons = (facts: Parameters<typeof evidenceOf>[1], words: Parameters<typeof evidenceOf>[2] = []) =>
      reasonsOf(evidenceOf([...allBut(3, 4, 5), ...begun], facts, words));
    const died = [life('A', { toMs: 3_510, goneMs: 3_600 }), life('B'), life('C')];
    const gone = word('B', 5, 'overlap', 'lock held by id-A');

    it('is explained for a moment after a death that closed its connections', () => {
      expect(reasons({ lives: died }, [gone])).toEqual(['lock not yet free', 'unexplained']);
    });

    it('is not explained by the lock of one that was asked to end when it had no run', () => {
      const lives = died.map((one) => ({ ...one, isGraceful: one.replica === 'A' }));
      expect(reasons({ lives })).toEqual(['lock not yet free', 'unexplained']);
      const held = word('B', 4, 'overlap', 'lock held by id-A');
      expect(reasonsOf(evidenceOf(allBut(4), { lives: died }, [held]))).toEqual(['lock not yet free']);
      expect(reasonsOf(evidenceOf(allBut(4), { lives }, [held]))).toEqual(['unexplained']);
    });

    it('is explained for a time to live where that did not reach the masters', () => {
      const links = [0, 1].map((node) => ({ replica: 'A', node }));
      const cut = incident('link: partition', 3_400, 7_000, { effect: { links } });
      const both = ['lock not yet free', 'lock not yet free'];
      expect(reasons({ lives: died, incidents: [cut] }, [gone])).toEqual(both);
      const one = incident('link: partition', 3_400, 7_000, { effect: { links: links.slice(1) } });
      expect(reasons({ lives: died, incidents: [one] }, [gone])).toEqual([
        'lock not yet free',
        'unexplained',
      ]);
    });

    it('is explained for a time to live of a holder that was stopped, and not of one that was well', () => {
      const stopped = incident('replica: SIGSTOP', 3_510, 9_000, { effect: { replicas: ['A'] } });
      expect(reasons({ incidents: [stopped] })).toEqual(['lock not yet free', 'lock not yet free']);
      expect(reasons({})).toEqual(['unexplained', 'unexplained']);
    });
  });

  it('is not explained by a run that went on for long after its lease', () => {
    const asleep = [line('start', 3), line('end', 3, { monotonicMs: 9_500, trustedForMs: 0 })];
    const reasons = reasonsOf(evidenceOf([...allBut(3, 4, 5, 6), ...asleep]));
    expect(reasons).toEqual(['earlier run goes on', 'earlier run goes on', 'unexplained']);
  });

  it('is not explained by links that are slower and still fast enough', () => {
    const slower = linkHazards([]).find(({ kind }) => kind === 'link: 60 ms slower');
    const aim = {
      cast: { nodes: [0, 1, 2], replicaIn: () => ({ name: 'A' }) },
      slot: { index: 0 },
      random: { next: () => 0 },
    };
    expect(slower?.aim({ ...aim, node: 0 } as never).effect).toEqual({});
  });
});
