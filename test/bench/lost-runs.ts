/**
 * When runs that die with their instance are told, and whether anything is told that was not lost, on real fleets of three replicas and three
 * masters each:
 *
 *     npm run bench:lost [-- --kills 100 --fleets 3 --seed 1]
 *
 * Half of the kills (`kill -9`) hit an instance whose run has just ended, half of them one whose handler runs. Ends with 1 where a run that
 * had ended is told as lost, where one that died is not told, or where the 99th percentile is above 2.5 s.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { SeededRandom } from '#src/testing/seeded-random.js';
import { PolicyStage } from '../e2e/policies/policy-stage.js';

const PERIOD_MS = 1_000;
const REPLICAS = 3;
const SHORT_MS = 5;
const LONG_MS = 700;
/** Between the end of a run, or its start, and the kill. */
const KILLED_AFTER_MS = { least: 50, most: 450 };
/** By then everything has been told that will be. */
const LOOK_FOR_MS = 8_000;
const P99_BOUND_MS = 2_500;
/** A replica that has just come takes part in contests by then. */
const SETTLED_MS = 4_500;

type State = 'idle' | 'running';

interface Trial {
  readonly state: State;
  /** After the kill, ms; undefined where it was not told. */
  readonly toldAfterMs: number | undefined;
  /** What was told beside it. */
  readonly falseOnes: readonly string[];
}

const { values } = parseArgs({
  options: {
    kills: { type: 'string', default: '100' },
    fleets: { type: 'string', default: '3' },
    seed: { type: 'string', default: '1' },
  },
});
const random = new SeededRandom(Number(values.seed));
const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

async function trial(stage: PolicyStage, state: State): Promise<Trial> {
  stage.work(state === 'idle' ? SHORT_MS : LONG_MS);
  await stage.nextStart();
  const { tick, instanceId } = await stage.nextStart();
  if (state === 'idle')
    await stage.until(() => stage.outcomes.some((one) => one.tick === tick && one.outcome === 'success'));
  const { least, most } = KILLED_AFTER_MS;
  await sleep(least + random.next() * (most - least));
  const before = stage.lost.length;
  const killedMs = Date.now();
  // What runs from here on ends at once, or the next kill would meet two runs.
  stage.work(SHORT_MS);
  await stage.kill(instanceId);
  const joined = stage.join();
  const told = (): typeof stage.lost => stage.lost.slice(before);
  const isTold = (): boolean => told().some((one) => one.tick === tick);
  const deadline = sleep(LOOK_FOR_MS);
  if (state === 'running') await Promise.race([stage.until(isTold), deadline]);
  await Promise.all([joined, sleep(Math.max(0, killedMs + SETTLED_MS - Date.now()))]);
  const first = told().find((one) => one.tick === tick);
  const toldAfterMs = first === undefined ? undefined : first.atMs - killedMs;
  const isFalse = (one: { readonly tick: number }): boolean => state === 'idle' || one.tick !== tick;
  return {
    state,
    toldAfterMs,
    falseOnes: told()
      .filter(isFalse)
      .map(({ detail }) => detail),
  };
}

async function fleet(trials: State[]): Promise<readonly Trial[]> {
  const stage = await PolicyStage.open(REPLICAS, PERIOD_MS, {});
  const done: Trial[] = [];
  try {
    await sleep(SETTLED_MS);
    for (let state = trials.pop(); state !== undefined; state = trials.pop())
      done.push(await trial(stage, state));
    return done;
  } finally {
    await stage.close();
  }
}

const kills = Number(values.kills);
const waiting: State[] = Array.from({ length: 2 * kills }, (_, index) =>
  index % 2 === 0 ? 'idle' : 'running',
);
const startedMs = performance.now();
const fleets = Array.from({ length: Number(values.fleets) }, () => fleet(waiting));
const trials = (await Promise.all(fleets)).flat();
let failures = 0;
print('| killed while | kills | told | told falsely | earliest | median | p99 | latest |');
print('|---|---|---|---|---|---|---|---|');
for (const state of ['idle', 'running'] as const) {
  const those = trials.filter((one) => one.state === state);
  const falseOnes = those.flatMap((one) => one.falseOnes);
  const afterMs = those.flatMap(({ toldAfterMs }) => toldAfterMs ?? []).sort((a, b) => a - b);
  const p99 = afterMs[Math.ceil(afterMs.length * 0.99) - 1];
  const shown = (ms: number | undefined): string =>
    state === 'idle' || ms === undefined ? '-' : `${Math.round(ms)} ms`;
  const told = state === 'idle' ? '-' : String(afterMs.length);
  print(
    `| ${state} | ${those.length} | ${told} | ${falseOnes.length} | ${shown(afterMs[0])} | ` +
      `${shown(afterMs[Math.floor(afterMs.length / 2)])} | ${shown(p99)} | ${shown(afterMs.at(-1))} |`,
  );
  failures += falseOnes.length;
  for (const detail of falseOnes) process.stderr.write(`told falsely: ${detail}\n`);
  if (state === 'running') failures += those.length - afterMs.length + ((p99 ?? 0) > P99_BOUND_MS ? 1 : 0);
}
const minutes = ((performance.now() - startedMs) / 60_000).toFixed(1);
print(`\nFleets at a time: ${values.fleets}. Seed ${values.seed}. ${minutes} minutes.`);
process.exit(failures === 0 ? 0 : 1);
