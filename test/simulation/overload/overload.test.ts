import { describe, expect, it } from 'vitest';
import { SEED } from '../../support/seed.js';
import { INSTANCES, runOverload, SHARES, TASKS } from './overload-run.js';

const TIMEOUT_MS = 120_000;

describe(`${INSTANCES} instances with ${TASKS} tasks on one processor (SEED=${SEED})`, () => {
  for (const ofNeeded of SHARES)
    it(
      `run more than half of the ticks that fit with ${ofNeeded} of the processor that they need, and all 3 s later`,
      async () => {
        expect(await runOverload(ofNeeded, SEED)).toEqual([]);
      },
      TIMEOUT_MS,
    );
});
