/**
 * The scripts in a real server against their model, for longer than a test run has time:
 *
 *     npm run differential -- --operations 50000 [--seed 1]        (REDIS_SERVER=/path/to/another/server)
 *
 * Ends with 1 at the first difference, after printing the shortest sequence of operations that was found for it.
 */

import { parseArgs } from 'node:util';
import { runCampaign } from './campaign.js';

const { values } = parseArgs({
  options: {
    operations: { type: 'string', default: '50000' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    'until-difference': { type: 'boolean', default: false },
    'real-clock': { type: 'boolean', default: false },
  },
});
const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const seed = Number(values.seed);
const startedMs = performance.now();
const result = await runCampaign({
  operations: Number(values.operations),
  seed,
  shrinks: !values['until-difference'],
  realClock: values['real-clock'],
});
const { server, operations, seen, failure, isClockSet } = result;
if (!isClockSet)
  print("!! the server's clock cannot be set here: no clock steps, real waits, fewer operations");
if (failure !== undefined) {
  print(`difference at operation ${failure.operations}, seed ${seed}, ${server}: ${failure.message}`);
  if (!values['until-difference']) print(failure.story.join('\n'));
  process.exit(1);
}
print(
  `${server}, seed ${seed}: ${operations} operations in ${((performance.now() - startedMs) / 1_000).toFixed(0)} s, no difference`,
);
for (const [word, count] of [...seen].sort()) print(`${String(count).padStart(8)} ${word}`);
