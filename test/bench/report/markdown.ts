/** The report for people. Pure. */

import type { MeasuredFloor } from '../floors/floors.js';
import { HEAD, medianAndRange, rowOf, rowOfUnable } from '../latency/row.js';
import { PLOT_TITLES, type PlotName } from './plots.js';
import type { Report } from './report.js';

/** @param plots those that were drawn */
export function markdownOf(report: Report, plots: readonly PlotName[]): string {
  const picture = (name: PlotName): readonly string[] =>
    plots.includes(name) ? ['', `![${PLOT_TITLES[name]}](${name}.svg)`] : [];
  const lines = [
    '# A run of the benchmark',
    '',
    ...circumstances(report),
    ...[
      '',
      '## Lateness',
      '',
      'From a second to the first start in it. Median of the rounds, and their range.',
    ],
    ...picture('lateness'),
    ...['', ...HEAD, ...report.latency.map(rowOf), ...report.unable.map(rowOfUnable)],
    ...listOf(report.failures.map((line) => `**failed** in ${line}`)),
    ...picture('cpu'),
    ...[
      '',
      '## Floors',
      '',
      'What stores do at most; *ms* are those of one call, with all operations in it.',
    ],
    ...picture('floors'),
    '',
    ...['| | one operation | operations/s | p50 ms | p99 ms |', '|---|---|---|---|---|'],
    ...report.floors.map(rowOfFloor),
    ...listOf(report.missing),
  ];
  return `${lines.join('\n')}\n`;
}

function listOf(lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', ...lines.map((line) => `- ${line}`)];
}

function circumstances(report: Report): readonly string[] {
  const { before, after } = report.load;
  const versions = Object.entries(report.versions).map(([name, version]) => `${name} ${version}`);
  return [
    `- ${report.startedAt}, ${report.profile}, ${Math.round(report.tookS)} s`,
    `- ${report.machine}`,
    `- ${versions.join(', ')}`,
    `- load ${before.toFixed(1)} before and ${after.toFixed(1)} after: what is above 0.5 before took cores from all`,
    `- ${shownNoise(report)}`,
  ];
}

function shownNoise({ noise: { rounds, medianSpread, largestSpread } }: Report): string {
  if (medianSpread === undefined || largestSpread === undefined)
    return `noise unknown: ${rounds === 1 ? 'one round has no spread' : 'nothing ran twice'}`;
  const percent = (share: number): string => `${Math.round(share * 100)} %`;
  return (
    `noise: over ${rounds} rounds p50 differs by ${percent(medianSpread)} of itself in the median row, ` +
    `by ${percent(largestSpread)} in the worst`
  );
}

function rowOfFloor({ name, about, rounds }: MeasuredFloor): string {
  const of = (
    pick: (figures: MeasuredFloor['rounds'][number]) => number | undefined,
    digits: number,
  ): string =>
    medianAndRange(
      rounds.flatMap((figures) => pick(figures) ?? []),
      digits,
    );
  const cells = [
    ...[name, about],
    of(({ opsPerSecond }) => opsPerSecond, 0),
    of(({ p50Ms }) => p50Ms, 2),
    of(({ p99Ms }) => p99Ms, 2),
  ];
  return `| ${cells.join(' | ')} |`;
}
