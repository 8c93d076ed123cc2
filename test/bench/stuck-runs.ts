/**
 * When runs that hang are told, on a real fleet of two replicas and three masters:
 *
 *     npm run bench:stuck [-- --runs 20]
 *
 * Half of the runs have a `timeoutMs`, half of them go by a minute. Ends with 1 unless each is told as stuck within its bound, and
 * none before its time.
 */

import { parseArgs } from 'node:util';
import type { ExclusiveTaskOptions } from 'nestjs-distributed-schedule';
import { PolicyStage, type StartMessage } from '../e2e/policies/policy-stage.js';

const PERIOD_MS = 2_000;
const TIMEOUT_MS = 500;
const GRACE_MS = 10_000;
const MINUTE_MS = 60_000;
/** The replica looks with its beats, once a second. */
const TOLD_WITHIN_MS = 2_000;
const LATEST_MS = 15_000;

interface Case {
  readonly name: string;
  readonly options: ExclusiveTaskOptions;
  readonly boundMs: number;
}

/** Side by side, so that each tick hangs. */
const CASES: readonly Case[] = [
  {
    name: 'timeoutMs and a grace',
    options: { overlap: 'allow', timeoutMs: TIMEOUT_MS },
    boundMs: TIMEOUT_MS + GRACE_MS,
  },
  { name: 'a minute', options: { overlap: 'allow' }, boundMs: MINUTE_MS },
];

const { values } = parseArgs({ options: { runs: { type: 'string', default: '20' } } });
const runsPerCase = Math.ceil(Number(values.runs) / CASES.length);
const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/** How long after its bound each run was told, ms; undefined for one that was not. */
async function measure({ options, boundMs }: Case): Promise<readonly (number | undefined)[]> {
  const stage = await PolicyStage.open(2, PERIOD_MS, options);
  try {
    stage.work('for ever');
    const hung: StartMessage[] = [];
    for (let run = 0; run < runsPerCase; run += 1) hung.push(await stage.nextStart());
    stage.work(1);
    const isTold = (tick: number): boolean => stage.stuck.some((one) => one.tick === tick);
    const late = new Promise((resolve) => setTimeout(resolve, boundMs + LATEST_MS));
    await Promise.race([stage.until(() => hung.every(({ tick }) => isTold(tick))), late]);
    return hung.map(({ tick, atMs }) => {
      const told = stage.stuck.find((one) => one.tick === tick);
      return told === undefined ? undefined : told.atMs - atMs - boundMs;
    });
  } finally {
    await stage.close();
  }
}

let failures = 0;
print('| bound | runs | told in time | earliest | median | latest |');
print('|---|---|---|---|---|---|');
for (const one of CASES) {
  const afterMs = await measure(one);
  const told = afterMs.filter((ms) => ms !== undefined).sort((a, b) => a - b);
  const inTime = told.filter((ms) => ms >= -50 && ms <= TOLD_WITHIN_MS).length;
  failures += afterMs.length - inTime;
  const shown = (ms: number | undefined): string => (ms === undefined ? '-' : `${ms} ms`);
  print(
    `| ${one.name}: ${one.boundMs} ms | ${afterMs.length} | ${inTime} | ${shown(told[0])} | ` +
      `${shown(told[Math.floor(told.length / 2)])} | ${shown(told.at(-1))} |`,
  );
}
print('\nms after the bound; a run may be told up to 2 s after it.');
process.exit(failures === 0 ? 0 : 1);
