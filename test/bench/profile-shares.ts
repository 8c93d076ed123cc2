/**
 * Where a process of the benchmark spends its time, by the rooms of the sources, from the CPU profiles that
 * `npm run bench:latency -- --cpu-profile FOLDER …` leaves.
 *
 *     npm run bench:profile -- FOLDER [--seconds 8]
 *
 * A sample counts for the outermost function of ours on its stack. The last seconds alone are looked at: before them the process boots.
 * Samples are of real time: where processes share a core, a call that wakes another one (a write to a socket) is charged with its work.
 */

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { type CpuProfile, sharesOf } from './cpu-profile/shares.js';

const { values, positionals } = parseArgs({
  options: { seconds: { type: 'string', default: '8' } },
  allowPositionals: true,
});
const [folder] = positionals;
if (folder === undefined) throw new Error('write the folder that --cpu-profile was given');
const LEAST_SHARE = 0.005;

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

for (const file of readdirSync(folder).filter((name) => name.endsWith('.cpuprofile'))) {
  const profile = JSON.parse(readFileSync(join(folder, file), 'utf8')) as CpuProfile;
  const { shares, busyMs } = sharesOf(profile, Number(values.seconds) * 1e6);
  // Threads of the loader, which have nothing of ours.
  if (![...shares.keys()].some((room) => room.includes('/'))) continue;
  print(`\n${file}: ${busyMs.toFixed(0)} ms busy in ${values.seconds} s\n\n| room | share |\n|---|---|`);
  for (const [room, share] of [...shares].sort(([, one], [, other]) => other - one))
    if (share >= LEAST_SHARE) print(`| ${room} | ${(share * 100).toFixed(1)} % |`);
}
