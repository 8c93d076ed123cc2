/** A cluster whose processor becomes short for a while, and what must be true of it then. */

import { Crowd } from './crowd.js';

export const INSTANCES = 12;
export const TASKS = 60;
/**
 * Of the processor that these ticks needed while each look named all tasks: 66 ms a second. They need less since, and the same
 * processor must still do the same number of runs.
 */
export const SHARES = [0.75, 0.5] as const;
const NEEDED_MS = 66;

const CORES = 2;
const SETTLED_S = 10;
/** What is behind comes to light by then: before, a queue grows. */
const SHORT_FOR_S = 6;
const MEASURED_S = 15;
/** By then what was noticed before counts no more. */
const BACK_S = 3;

/** What fails must not cost more than what succeeds. */
const MOST_MESSAGES = 1.4;
const LEAST_GOODPUT = 0.5;

/** Promises that were broken while there was `ofNeeded` of the processor that is needed, or after it; none is good. */
export async function runOverload(ofNeeded: number, seed: number): Promise<readonly string[]> {
  const crowd = new Crowd({ instances: INSTANCES, tasks: TASKS, cores: CORES, seed });
  await crowd.advance(SETTLED_S);
  const calm = await crowd.measure(MEASURED_S);
  crowd.processor.share = (ofNeeded * NEEDED_MS) / (CORES * 1_000);
  await crowd.advance(SHORT_FOR_S);
  const short = await crowd.measure(MEASURED_S);
  crowd.processor.share = 1;
  await crowd.advance(BACK_S);
  const back = await crowd.measure(1);
  const doubled = crowd.started.length - new Set(crowd.started).size;
  const fit = ofNeeded * TASKS;
  const broken: readonly (readonly [boolean, string])[] = [
    [calm.usedMs > NEEDED_MS, `calm: ${calm.usedMs.toFixed(0)} ms of processor a second`],
    [calm.runs !== TASKS, `calm: ${calm.runs} of ${TASKS} ticks a second`],
    [
      short.runs <= LEAST_GOODPUT * fit,
      `goodput: ${short.runs.toFixed(1)} of ${fit} ticks a second that fit`,
    ],
    [
      short.messages > MOST_MESSAGES * calm.messages,
      `traffic: ${short.messages.toFixed(0)} messages a second, ${calm.messages.toFixed(0)} when calm`,
    ],
    [crowd.told.length === 0, 'what is missed is told: nothing was'],
    [back.runs !== TASKS, `recovery: ${back.runs} of ${TASKS} ticks a second, 3 s after it was over`],
    [doubled > 0, `a tick starts once: ${doubled} doubled`],
  ];
  return broken.flatMap(([isBroken, what]) => (isBroken ? [what] : []));
}
