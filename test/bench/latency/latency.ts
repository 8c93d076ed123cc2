/**
 * How late tasks start, how many run twice or not at all, and what that costs: ours and what a team could pick instead, as real processes
 * in one run, judged by one clock outside of them.
 *
 *     npm run bench:latency                                        (short: about three minutes)
 *     npm run bench:latency -- --shapes 1x12,100x12,400x12 --rounds 3 --seconds 10 [--only ours,'croner alone'] [--busy 40]
 *     … --cpu-profile FOLDER                                       (of the first process; npm run bench:profile -- FOLDER)
 *     … --round-trips 1,1,100                                      (ms to the masters, through proxies)
 *
 * A shape is tasks x processes. The table is written to stdout, and with `--json FILE` everything to a file as well. `npm run bench` is
 * the same with plots and with the floors of stores.
 */

import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { compare } from './comparison.js';
import { CONTESTANTS, requireContestant, UNABLE } from './contestants.js';
import { loadNow, machine } from './machine.js';
import { requireRoundTrips } from './masters.js';
import { HEAD, rowOf, rowOfUnable } from './row.js';
import { requireShapes } from './shape.js';

const { values } = parseArgs({
  options: {
    shapes: { type: 'string', default: '1x4,100x4' },
    rounds: { type: 'string', default: '1' },
    seconds: { type: 'string', default: '5' },
    only: { type: 'string' },
    busy: { type: 'string', default: '0' },
    'round-trips': { type: 'string', default: '0' },
    json: { type: 'string' },
    'cpu-profile': { type: 'string' },
  },
});

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const shownMachine = `${machine()}, load ${loadNow().toFixed(1)}`;
const { rows, failures, missing } = await compare(
  {
    shapes: requireShapes(values.shapes),
    contestants: values.only === undefined ? CONTESTANTS : values.only.split(',').map(requireContestant),
    rounds: Number(values.rounds),
    seconds: Number(values.seconds),
    busyLoops: Number(values.busy),
    roundTripsMs: requireRoundTrips(values['round-trips']),
    cpuProfile: values['cpu-profile'],
  },
  (line) => process.stderr.write(`${line}\n`),
);
print(shownMachine);
print('');
for (const line of HEAD) print(line);
for (const row of rows) print(rowOf(row));
if (values.only === undefined) for (const unable of UNABLE) print(rowOfUnable(unable));
for (const line of missing) print(`\n${line}`);
if (failures.length > 0) process.exitCode = 1;
if (values.json !== undefined)
  writeFileSync(values.json, `${JSON.stringify({ machine: shownMachine, rows }, undefined, 2)}\n`);
