import { describe, expect, it } from 'vitest';
import { SEED } from '../../support/seed.js';
import { Crowd } from './crowd.js';

const INSTANCES = 12;
const TASKS = 60;
const CORES = 2;
/**
 * ms of processor per second that the crowd needed while each look named all tasks. Looks are short since, so it needs less, but
 * as much of what is left is for messages that do not shrink with the runs: the same processor must do the same number of runs.
 */
const NEEDED_MS = 65.970_666_67;
const SETTLED_S = 10;
/** What is behind comes to light by then: before, a queue grows. */
const SHORT_FOR_S = 6;
const MEASURED_S = 15;
/** By then what was noticed before counts no more. */
const BACK_S = 3;
const TIMEOUT_MS = 120_000;

/** Runs per second with so much of the processor that is needed, and after it. */
async function withShare(ofNeeded: number) {
  const crowd = new Crowd({ instances: INSTANCES, tasks: TASKS, cores: CORES, seed: SEED });
  await crowd.advance(SETTLED_S);
  const calm = await crowd.measure(MEASURED_S);
  crowd.processor.share = (ofNeeded * NEEDED_MS) / (CORES * 1_000);
  await crowd.advance(SHORT_FOR_S);
  const short = await crowd.measure(MEASURED_S);
  crowd.processor.share = 1;
  await crowd.advance(BACK_S);
  const back = await crowd.measure(1);
  const doubled = crowd.started.length - new Set(crowd.started).size;
  return { calm, short, back, doubled, told: crowd.told.length };
}

describe(`${INSTANCES} instances with ${TASKS} tasks on one processor (SEED=${SEED})`, () => {
  for (const ofNeeded of [0.75, 0.5])
    it(
      `run more than half of the ticks that fit with ${ofNeeded} of the processor that they need, and all 3 s later`,
      async () => {
        const { calm, short, back, doubled, told } = await withShare(ofNeeded);
        expect(calm.runs).toBe(TASKS);
        expect(calm.usedMs).toBeLessThan(NEEDED_MS);
        expect(short.runs).toBeGreaterThan(0.5 * ofNeeded * TASKS);
        // What fails must not cost more than what succeeds.
        expect(short.messages).toBeLessThanOrEqual(1.4 * calm.messages);
        expect(told).toBeGreaterThan(0);
        expect(back.runs).toBe(TASKS);
        expect(doubled).toBe(0);
      },
      TIMEOUT_MS,
    );
});
