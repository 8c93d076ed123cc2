/** The judge of ticks: each one of a task that is retaken has succeeded, or somebody told why not. */

import { PERIOD_MS, type Telling } from './once-plan.js';

export interface TickAccount {
  readonly ticks: number;
  readonly succeeded: number;
  /** Ticks that have not succeeded, by what was told of them. */
  readonly told: ReadonlyMap<string, number>;
  /** Ticks of which nobody told anything that answers for them. */
  readonly untold: readonly string[];
}

/** Nobody of all instances could start it. Whoever has started it needs to be answered for by more than that. */
const NOT_STARTED: ReadonlySet<string> = new Set([
  'overlap',
  'misfire',
  'no_quorum',
  'clock_set_back',
  'stopped',
  'audit: missed',
]);
const STARTED_IN_VAIN: ReadonlySet<string> = new Set([
  'failed',
  'aborted',
  'timed_out',
  'given_up',
  'cancelled',
  'audit: lost',
]);
/** Another attempt is at the job: that says that the work will be done, so it must be, and is no answer for a tick. */
const PENDING = 'DSCHED_JOB_PENDING';

/**
 * All ticks from the first to the last one.
 * @param done ticks whose effect was applied
 */
export function accountOfTicks(
  done: ReadonlySet<number>,
  tellings: readonly Telling[],
  { firstMs, lastMs }: { readonly firstMs: number; readonly lastMs: number },
): TickAccount {
  const told = new Map<string, number>();
  const untold: string[] = [];
  const first = Math.ceil(firstMs / PERIOD_MS) * PERIOD_MS;
  let ticks = 0;
  let succeeded = 0;
  for (let tick = first; tick <= lastMs; tick += PERIOD_MS) {
    ticks += 1;
    if (done.has(tick)) {
      succeeded += 1;
      continue;
    }
    const about = tellings.filter((telling) => telling.tick === tick);
    const answer = answerOf(about);
    if (answer === undefined) untold.push(`${tick}: ${JSON.stringify(about.map(shown))}`);
    else told.set(answer, (told.get(answer) ?? 0) + 1);
  }
  return { ticks, succeeded, told, untold };
}

function answerOf(about: readonly Telling[]): string | undefined {
  const isStarted = about.some(({ what }) => what === 'started');
  const answers = isStarted ? STARTED_IN_VAIN : new Set([...NOT_STARTED, ...STARTED_IN_VAIN]);
  const answer = about.findLast(({ what, code }) => answers.has(what) && code !== PENDING);
  return answer === undefined ? undefined : shown(answer);
}

function shown({ what, code }: Telling): string {
  return code === undefined ? what : `${what} ${code}`;
}
