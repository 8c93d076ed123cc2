/**
 * How late tasks start, how many run twice or not at all, and what that costs: ours and what a team could pick instead, as real processes
 * in one run, judged by one clock outside of them.
 *
 *     npm run bench:latency                                        (short: about three minutes)
 *     npm run bench:latency -- --shapes 1x12,100x12,400x12 --rounds 3 --seconds 10 [--only ours,croner] [--busy 40]
 *     … --round-trips 1,1,100                                      (ms to the masters, through proxies)
 *
 * A shape is tasks x processes. Contestants take turns within a round, so that what else the machine does hurts all alike: compare within
 * one run, as ratios. The table is written to stdout, and with `--json FILE` everything to a file as well.
 */

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { CONTESTANTS, type Known, requireContestant } from './contestant.js';
import { epochOffsetMs } from './epoch-offset.js';
import { type FleetResult, runFleet } from './fleet.js';
import { machineNow } from './machine.js';
import { startMasters } from './masters.js';
import { HEAD, type Measured, rowOf, type Shape } from './row.js';
import { readCounters } from './store-counters.js';

const { values } = parseArgs({
  options: {
    shapes: { type: 'string', default: '1x4,100x4' },
    rounds: { type: 'string', default: '1' },
    seconds: { type: 'string', default: '5' },
    only: { type: 'string' },
    busy: { type: 'string', default: '0' },
    'round-trips': { type: 'string', default: '0' },
    json: { type: 'string' },
  },
});

const SHAPES = values.shapes.split(',').map((text): Shape => {
  const [tasks, instances] = text.split('x').map(Number);
  if (!(Number(tasks) > 0 && Number(instances) > 0))
    throw new Error(`'${text}' is no shape: write tasks x processes, such as 100x4`);
  return { tasks: Number(tasks), instances: Number(instances) };
});
const CHOSEN = values.only === undefined ? CONTESTANTS : values.only.split(',').map(requireContestant);
const SECONDS = Number(values.seconds);
const BUSY_LOOPS = Number(values.busy);
const ROUND_TRIPS_MS = values['round-trips'].split(',').map(Number);

async function measure(known: Known, { tasks, instances }: Shape): Promise<FleetResult> {
  // New ones each time: what one contestant leaves behind is not the next one's burden.
  const count = { nothing: 0, 'one redis': 1, 'three redis': 3 }[known.needs];
  const masters = await startMasters(count, ROUND_TRIPS_MS);
  try {
    const entry = {
      contestant: known.name,
      ...{ instances, tasks },
      namespace: 'bench-latency',
      redisUrls: masters.urls,
      epochOffsetMs: epochOffsetMs(),
    };
    return await runFleet(entry, {
      seconds: SECONDS,
      busyLoops: BUSY_LOOPS,
      read: () => readCounters(masters.clients),
    });
  } finally {
    await masters.stop();
  }
}

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const measured = new Map<string, Measured>();
for (let round = 1; round <= Number(values.rounds); round += 1)
  for (const shape of SHAPES)
    for (const known of CHOSEN) {
      const key = `${shape.tasks} ${shape.instances} ${known.name}`;
      const result = await measure(known, shape);
      const before = measured.get(key)?.results ?? [];
      measured.set(key, { ...shape, contestant: known.name, results: [...before, result] });
      process.stderr.write(
        `round ${round}: ${key}: p50 ${result.p50Ms?.toFixed(2)} ms, p99 ${result.p99Ms?.toFixed(2)} ms\n`,
      );
    }

print(machineNow());
print('');
for (const line of HEAD) print(line);
for (const one of measured.values()) print(rowOf(one, requireContestant(one.contestant).isLocal === true));
if (values.json !== undefined)
  writeFileSync(
    values.json,
    `${JSON.stringify({ machine: machineNow(), rows: [...measured.values()] }, undefined, 2)}\n`,
  );
