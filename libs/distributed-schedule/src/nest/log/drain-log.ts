/** What the log says of runs that a shutdown waits for. */

import type { Logger } from '@nestjs/common';
import { spoken } from '../../protocol/contract/spoken.js';
import type { TickContext } from '../../protocol/contract/tick-context.js';
import { at } from '../../tasks/instant-words.js';

const MAX_NAMED = 10;

type Run = Pick<TickContext, 'task' | 'tick'>;

/** Waits for `drained`, and says before what is waited for, and after it what was given up. Quiet where nothing runs. */
export async function tellDrain(
  logger: Pick<Logger, 'log' | 'warn'>,
  {
    drained,
    goingOn,
    givenUp,
    timeoutMs,
  }: {
    drained: Promise<void>;
    goingOn: () => readonly Run[];
    /** Runs that nobody waits for. */
    givenUp: () => readonly Run[];
    timeoutMs: number;
  },
): Promise<void> {
  const waitedFor = goingOn();
  if (waitedFor.length > 0) {
    logger.log(`Shutting down: waits up to ${durationOf(timeoutMs)} for ${wordsOf(waitedFor)}.`);
  }
  await drained;
  tellGivenUp(logger, givenUp());
  const left = goingOn();
  if (left.length === 0) return;
  const isOne = left.length === 1;
  logger.warn(
    `Shut down after ${durationOf(timeoutMs)} (shutdownTimeoutMs). ${isOne ? 'It' : 'These'} did not end in time and ` +
      `${isOne ? 'was' : 'were'} left unfinished: ${wordsOf(left)}. ${isOne ? 'Its signal has' : 'Their signals have'} aborted: ` +
      'end at tick.signal, or raise shutdownTimeoutMs.',
  );
}

function tellGivenUp(logger: Pick<Logger, 'warn'>, runs: readonly Run[]): void {
  if (runs.length === 0) return;
  const [isOne, named] = [runs.length === 1, wordsOf(runs)];
  logger.warn(
    `Shut down without waiting for ${named}: ${isOne ? 'it was' : 'they were'} given up before, and ${isOne ? 'has' : 'have'} not ended.`,
  );
}

function wordsOf(runs: readonly Run[]): string {
  const named = runs.slice(0, MAX_NAMED).map(({ task, tick }) => `'${task}' in tick ${at(tick)}`);
  const others = runs.length - named.length;
  const more = others === 0 ? '' : ` and ${others} more`;
  return `the ${runs.length === 1 ? 'run' : 'runs'} of ${named.join(', ')}${more}`;
}

/** A timeout of less than a second is one of tests. */
function durationOf(ms: number): string {
  return ms < 1_000 ? `${ms} ms` : spoken(ms);
}
