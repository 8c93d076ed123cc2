/**
 * How long it takes until a task runs again, for each kind of failure, over many trials on real replicas (processes of
 * apps/demo) and real redis-server processes:
 *
 *     npm run bench:recovery -- [--trials 100] [--only killed] [--seed 1] [--clusters 3]
 *
 * Everything measured comes from what the handlers wrote down, by the clock that all processes of one machine share.
 * `--only` takes a part of a failure's name. Ends with 1 when a bound is missed or a tick ran twice.
 */

import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import type { Failure } from './failure.js';
import { IDLE_SHUTDOWN, IDLE_WINNER } from './idle-winner.js';
import { MASTERS } from './masters.js';
import { HEADER, isMet, measure, rowOf } from './measurement.js';
import { PARTITION } from './partition.js';
import { RUNNING_SHUTDOWN, RUNNING_WINNER } from './running-winner.js';
import { SENTINEL } from './sentinel.js';

const { values } = parseArgs({
  options: {
    trials: { type: 'string', default: '100' },
    only: { type: 'string', default: '' },
    seed: { type: 'string', default: '1' },
    clusters: { type: 'string', default: '3' },
  },
});
const BUILD_DEMO = fileURLToPath(new URL('../../../scripts/build-demo.mjs', import.meta.url));
const FAILURES: readonly Failure[] = [
  ...IDLE_WINNER,
  ...PARTITION,
  ...RUNNING_WINNER,
  ...IDLE_SHUTDOWN,
  ...RUNNING_SHUTDOWN,
  ...MASTERS,
  ...SENTINEL,
];
const options = {
  trials: Number(values.trials),
  scenes: Number(values.clusters),
  seed: Number(values.seed),
  explain: (text: string) =>
    void process.stderr.write(`${text}
`),
};
const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

// Ends by `exit`, whose listeners take the replicas along.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));
execFileSync(process.execPath, [BUILD_DEMO], { stdio: 'inherit' });
const startedMs = performance.now();
let doubled = 0;
print(HEADER);
for (const failure of FAILURES.filter(({ name }) => name.includes(values.only))) {
  const measurement = await measure(failure, options);
  print(rowOf(measurement));
  doubled += measurement.doubled;
  if (!isMet(measurement)) process.exitCode = 1;
}
const minutes = ((performance.now() - startedMs) / 60_000).toFixed(1);
print(
  `\nTicks that ran twice: ${doubled}. Clusters at a time: ${options.scenes}. Seed ${options.seed}. ${minutes} minutes.`,
);
process.exit();
