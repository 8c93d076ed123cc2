/** What the log says of runs that a shutdown waits for. */

import type { Logger } from '@nestjs/common';
import { spoken } from '../../protocol/contract/spoken.js';
import type { TickContext } from '../../protocol/contract/tick-context.js';
import { at } from '../../tasks/instant-words.js';

const MAX_NAMED = 10;

type Run = Pick<TickContext, 'task' | 'tick'>;

export interface Drain {
  readonly drained: Promise<void>;
  readonly goingOn: () => readonly Run[];
  /** Runs that nobody waits for. */
  readonly givenUp: () => readonly Run[];
  readonly timeoutMs: number;
}

/** Waits for `drained`, and says before what is waited for, and after it what was given up. Quiet where nothing runs. */
export async function tellDrain(
  logger: Pick<Logger, 'log' | 'warn'>,
  { drained, goingOn, givenUp, timeoutMs }: Drain,
): Promise<void> {
  const waitedFor = goingOn();
  if (waitedFor.length > 0)
    logger.log(`Shutting down: waits up to ${durationOf(timeoutMs)} for ${wordsOf(waitedFor)}.`);
  await drained;
  const abandoned = givenUp();
  if (abandoned.length > 0) {
    const [was, has] = abandoned.length === 1 ? ['it was', 'has'] : ['they were', 'have'];
    const named = wordsOf(abandoned);
    logger.warn(`Shut down without waiting for ${named}: ${was} given up before, and ${has} not ended.`);
  }
  const left = goingOn();
  if (left.length === 0) return;
  const [it, was, signal] =
    left.length === 1 ? ['It', 'was', 'Its signal has'] : ['These', 'were', 'Their signals have'];
  logger.warn(
    `Shut down after ${durationOf(timeoutMs)} (shutdownTimeoutMs). ${it} did not end in time and ${was} left unfinished: ` +
      `${wordsOf(left)}. ${signal} aborted: end at tick.signal, or raise shutdownTimeoutMs.`,
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
