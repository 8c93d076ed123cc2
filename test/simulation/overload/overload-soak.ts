/**
 * Overload in simulated time, for longer than a test run has time:
 *
 *     npm run simulate:overload -- [--worlds 20] [--seed 1] [--until-violation]
 *
 * Ends with 1 when a world breaks a promise. A world is one seed with each share of the processor.
 */

import { parseArgs } from 'node:util';
import { runOverload, SHARES } from './overload-run.js';

const { values } = parseArgs({
  options: {
    worlds: { type: 'string', default: '20' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 20)) },
    'until-violation': { type: 'boolean', default: false },
  },
});

const WORLDS_A_SEED = 10_000;
const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const seed = Number(values.seed);
let violations = 0;
for (let world = 0; world < Number(values.worlds); world += 1) {
  for (const share of SHARES) {
    for (const violation of await runOverload(share, seed * WORLDS_A_SEED + world)) {
      violations += 1;
      print(`violation in world ${world} of overload, seed ${seed}: ${violation} (share ${share})`);
      if (values['until-violation']) process.exit(1);
    }
  }
}
print(`${values.worlds} worlds of overload, seed ${seed}: ${violations} promises broken`);
process.exit(violations === 0 ? 0 : 1);
