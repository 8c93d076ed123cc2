import { describe, expect, it } from 'vitest';
import { dotPlots } from '../../bench/report/dot-plot.js';
import { cpuOf, floorsOf, LEAST_MS, latenessOf, plotsOf } from '../../bench/report/plots.js';
import { namedPicture } from '../../bench/report/svg.js';
import { measuredOf, resultOf } from './fleet-result.js';
import { reportOf } from './report-of.js';

describe('the plot of lateness', () => {
  it('has a dot for p50 and one for p99, with the range of the rounds', () => {
    const row = measuredOf('ours', resultOf({ p50Ms: 1, p99Ms: 8 }), resultOf({ p50Ms: 3, p99Ms: 10 }));
    const { dots, title } = latenessOf([row]);
    expect(title).toBe('20 tasks, 2 processes');
    expect(dots).toEqual([
      { row: 'ours', series: 'p50', value: 2, least: 1, most: 3 },
      { row: 'ours', series: 'p99', value: 9, least: 8, most: 10 },
    ]);
  });

  it('says beside each what doubled and what was missed, and marks it', () => {
    const rows = [
      measuredOf('ours', resultOf(), resultOf()),
      measuredOf('redlock', resultOf({ doubled: 2, missed: 1 }), resultOf({ doubled: 3 })),
      { ...measuredOf('croner', resultOf({ doubled: 40 })), isLocal: true },
    ];
    expect(latenessOf(rows).words).toEqual([
      { row: 'ours', words: '0 doubled, 0 missed of 80', isFault: false },
      { row: 'redlock', words: '5 doubled, 1 missed of 80', isFault: true },
      { row: 'croner', words: 'runs everywhere, 0 missed of 40', isFault: false },
    ]);
  });

  it('shows a start before its second at the edge, since a logarithm has no place for it', () => {
    const { dots } = latenessOf([measuredOf('ours', resultOf({ p50Ms: -3 }))]);
    expect(dots[0]).toMatchObject({ value: LEAST_MS, least: LEAST_MS });
  });

  it('has words and no dots where nothing ran', () => {
    const nothing = resultOf({ p50Ms: undefined, p99Ms: undefined, missed: 40 });
    const { dots, words } = latenessOf([measuredOf('ours', nothing)]);
    expect(dots).toEqual([]);
    expect(words[0]).toMatchObject({ words: '0 doubled, 40 missed of 40', isFault: true });
  });
});

describe('the other plots', () => {
  it('have the CPU time of a process', () => {
    const { dots, words } = cpuOf([measuredOf('ours', resultOf({ cpuMs: 3 }), resultOf({ cpuMs: 5 }))]);
    expect(dots).toEqual([{ row: 'ours', series: 'CPU', value: 4, least: 3, most: 5 }]);
    expect(words[0]?.words).toBe('4.0 ms');
  });

  it('have the operations of a floor, and how long a call takes', () => {
    const rounds = [{ opsPerSecond: 120_400.4, p50Ms: 1, p99Ms: 2.345 }];
    const { dots, words } = floorsOf([{ name: 'raw', about: '', rounds }]);
    expect(dots[0]).toMatchObject({ row: 'raw', value: 120_400.4 });
    expect(words[0]?.words).toBe('120,400/s, p99 of a call 2.35 ms');
  });
});

describe('the plots of a report', () => {
  it('are one part for each shape, in the order of the run', () => {
    const small = { ...measuredOf('ours', resultOf()), tasks: 1 };
    const latency = [measuredOf('ours', resultOf()), small, measuredOf('redlock', resultOf())];
    const lateness = plotsOf(reportOf({ latency })).get('lateness') as { vconcat: { title: string }[] };
    expect(lateness.vconcat.map(({ title }) => title)).toEqual([
      '20 tasks, 2 processes',
      '1 task, 2 processes',
    ]);
  });

  it('are left out where there is nothing to draw', () => {
    expect([...plotsOf(reportOf({})).keys()]).toEqual([]);
  });

  it('keep the order of the rows, and share an axis', () => {
    const dot = (row: string) => ({ row, series: 'p50', value: 1, least: 1, most: 1 });
    const spec = dotPlots([{ axis: 'ms', dots: [dot('ours'), dot('croner')], words: [] }]);
    expect(spec).toMatchObject({
      resolve: { scale: { x: 'shared' } },
      vconcat: [{ data: { values: [{ row: 'ours' }, { row: 'croner' }] }, encoding: { y: { sort: null } } }],
    });
  });
});

describe('a picture', () => {
  it('has one name, and no words for each of its parts', () => {
    const svg = '<svg width="9"><g role="graphics-object" aria-label="a dot" fill="none"><path/></g></svg>';
    const named = '<svg width="9"><title>Dots</title><g fill="none"><path/></g></svg>';
    expect(namedPicture(svg, 'Dots')).toBe(named);
  });
});
