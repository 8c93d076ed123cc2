/** The tally in Markdown, and what stood around each violation. */

import type { OutcomeLine } from '../../../../apps/demo/src/outcome-record.js';
import type { RunLine } from '../../../../apps/demo/src/run-record.js';
import type { Incident } from './incident.js';
import { REASONS } from './misses.js';
import type { Evidence, Row } from './row.js';
import type { Tally } from './tally.js';

const HEAD = [
  ...['fault', 'times', 'verified', 'ticks due', 'runs', 'doubled', 'overlaps under trust', 'missed and why'],
  ...['strike to next start, ms', 'its lateness, ms', 'heal to next start, ms'],
];

/** Windows of faults overlap, so a tick can count in several rows; in the last row it counts once. */
export function tableOf({ rows, total }: Tally): string {
  const sorted = [...rows].sort((one, other) => one.fault.localeCompare(other.fault));
  return [HEAD, HEAD.map(() => '---'), ...sorted.map(cellsOf), cellsOf(total)]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');
}

function cellsOf(row: Row): readonly string[] {
  const counts = [row.times, row.verified, row.due, row.runs, row.doubled, row.overlaps].map(String);
  return [
    row.fault,
    ...counts,
    missesOf(row),
    ...[row.fromStrikeMs, row.latenessMs, row.fromHealMs].map(quantilesOf),
  ];
}

function missesOf({ misses }: Row): string {
  const reasons = REASONS.map((reason) => [misses.filter((miss) => miss.reason === reason).length, reason]);
  const named = reasons.filter(([count]) => count !== 0).map(([count, reason]) => `${count} ${reason}`);
  return misses.length === 0 ? '0' : `${misses.length}: ${named.join(', ')}`;
}

/** p50 / p99 / max. */
function quantilesOf(valuesMs: readonly number[]): string {
  if (valuesMs.length === 0) return '';
  const sorted = [...valuesMs].sort((one, other) => one - other);
  const at = (share: number): number => Math.round(sorted[Math.ceil(share * sorted.length) - 1] ?? 0);
  return `${at(0.5)} / ${at(0.99)} / ${at(1)}`;
}

/** How many faults came by themselves, and how many at which moment of a tick. */
export function momentsOf(incidents: readonly Incident[]): string {
  const count = (isMeant: (one: Incident) => boolean): number => incidents.filter(isMeant).length;
  const overlaps = (one: Incident): boolean =>
    incidents.some(
      (other) => other !== one && other.struckMs <= one.healedMs && other.healedMs >= one.struckMs,
    );
  const moments = [...new Set(incidents.map(({ moment }) => moment))];
  const parts = moments.map((moment) => `${moment} ${count((one) => one.moment === moment)}`);
  return `${incidents.length} faults: ${parts.join(', ')}; ${count(overlaps)} of them while another one lasted`;
}

const AROUND_MS = 2_500;

/** Every violation with the faults, runs and words around it. */
export function violationsOf(tally: Tally, evidence: Evidence): readonly string[] {
  const { epochOffsetMs } = evidence.facts;
  return [
    ...tally.broken.map(
      (one) => `${one.kind}: ${one.task} ${one.tick}: ${one.text}${around(evidence, one.atMs)}`,
    ),
    ...tally.unexplained.map(
      ({ task, tick, text }) =>
        `unexplained miss: ${task} ${tick}: ${text}${around(evidence, tick - epochOffsetMs)}`,
    ),
    ...tally.untold.map(
      ({ task, tick, reason, text }) =>
        `untold miss: ${task} ${tick}: ${reason}: ${text}${around(evidence, tick - epochOffsetMs)}`,
    ),
    ...tally.losses.wrong.map(
      (one) => `${one.kind}: ${one.task} ${one.tick}: ${one.text}${around(evidence, one.atMs)}`,
    ),
    ...tally.unverified.map(
      (one) => `not verified: ${one.fault} (${one.target})${around(evidence, one.struckMs)}`,
    ),
  ];
}

function around({ facts, lines, outcomes }: Evidence, atMs: number): string {
  const isNear = (ms: number): boolean => Math.abs(ms - atMs) <= AROUND_MS;
  const faults = facts.incidents.flatMap((one): [number, string][] => [
    [one.struckMs, `STRIKE ${one.fault} ${one.target} (${one.moment}): ${one.evidence ?? 'not verified'}`],
    [one.healedMs, `HEALED ${one.fault} ${one.target}`],
  ]);
  const ends = facts.lives.map((life): [number, string] => [
    life.toMs,
    `END ${life.replica}${life.isGraceful ? ' by SIGTERM' : ''}`,
  ]);
  const events = [...faults, ...ends, ...lines.flatMap(toRunEvent), ...outcomes.map(toWord)];
  const named = (text: string): string =>
    facts.lives.reduce((all, life) => all.replaceAll(life.instanceId, life.replica), text);
  return events
    .filter(([ms]) => isNear(ms))
    .sort(([one], [other]) => one - other)
    .map(([ms, text]) => `\n    ${String(Math.round(ms - atMs)).padStart(6)} ms  ${named(text)}`)
    .join('');
}

function toRunEvent(line: RunLine): [number, string][] {
  if (line.phase === 'trusted') return [];
  const { replica, task, tick, trustedForMs } = line;
  return [[line.monotonicMs, `run ${line.phase} ${replica} ${task} ${tick}, trusted for ${trustedForMs} ms`]];
}

function toWord(line: OutcomeLine): [number, string] {
  return [line.monotonicMs, `said ${line.replica} ${line.task} ${line.tick} ${line.said} ${line.detail}`];
}
