/** Runs put together from the lines that handlers wrote. */

import type { RunLine } from '../../../../apps/demo/src/run-record.js';

export interface Run {
  readonly task: string;
  readonly tick: number;
  readonly token: number;
  readonly replica: string;
  readonly instanceId: string;
  readonly startMs: number;
  /** Whether the lease could be trusted when the handler began. */
  readonly isTrustedAtStart: boolean;
  /** The latest moment at which the run itself wrote that its lease was trusted; -Infinity if it never did. */
  readonly trustedAtMs: number;
  /** Until when its run lock stood, as far as the run knew: an end under trust, or the end of the trust it last wrote about. */
  readonly heldUntilMs: number;
  readonly hasEnded: boolean;
}

/** A store frees a lock this much later than its holder's trust ends: 1 % of the time to live, and rounding. */
const TRUST_MARGIN_MS = 60;

/** In the order in which they started. A second start of one tick on one instance is a run of its own. */
export function runsOf(lines: readonly RunLine[]): readonly Run[] {
  const groups = new Map<string, RunLine[][]>();
  for (const line of lines) {
    const key = `${line.task} ${line.tick} ${line.instanceId}`;
    const runs = groups.get(key) ?? [];
    if (line.phase === 'start') runs.push([line]);
    // A line without a start would be a bug of the handler; it counts as a start then, so that nothing hides.
    else if (runs.length === 0) runs.push([line]);
    else runs.at(-1)?.push(line);
    groups.set(key, runs);
  }
  return [...groups.values()]
    .flat()
    .flatMap(toRun)
    .sort((one, other) => one.startMs - other.startMs);
}

function toRun(lines: readonly RunLine[]): readonly Run[] {
  const [start] = lines;
  const last = lines.at(-1);
  if (start === undefined || last === undefined) return [];
  const hasEnded = last.phase === 'end' || last.phase === 'aborted';
  const lastTrusted = lines.findLast(({ trustedForMs }) => trustedForMs > 0);
  const isOverUnderTrust = last.phase === 'end' && lastTrusted === last;
  const { task, tick, token, replica, instanceId } = start;
  return [
    {
      ...{ task, tick, token, replica, instanceId },
      startMs: start.monotonicMs,
      isTrustedAtStart: start.trustedForMs > 0,
      trustedAtMs: lastTrusted?.monotonicMs ?? Number.NEGATIVE_INFINITY,
      heldUntilMs: isOverUnderTrust ? last.monotonicMs : trustEndMs(lastTrusted ?? start) + TRUST_MARGIN_MS,
      hasEnded,
    },
  ];
}

function trustEndMs({ monotonicMs, trustedForMs }: RunLine): number {
  return monotonicMs + Math.max(0, trustedForMs);
}
