/**
 * A rolling restart of three masters while handlers run, again and again:
 *
 *     npm run rolling [-- --rounds 10 --pause 5000 --empty]        (about five minutes)
 *
 * Each round restarts every master once, 5 s apart, under a handler of 2, one of 5 and one of 20 s: three trials. A trial is lost
 * when a run of that handler loses its lease in the round. Ends with 1 when one is. `--empty`: the masters come back without data.
 */

import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { startRedis } from '../../support/redis-server.js';
import { openRollingScene, restartInTurn } from './rolling-scene.js';

const DURATIONS_MS = [2_000, 5_000, 20_000];
const MASTERS = 3;
/** A new master grants no lock for a time to live; then every handler is to be in the middle of a run. */
const LOOK_EVERY_MS = 100;
/** What a lease has not noticed by then it does not notice. */
const AFTERMATH_MS = 4_000;

const { values } = parseArgs({
  options: {
    rounds: { type: 'string', default: '10' },
    pause: { type: 'string', default: '5000' },
    empty: { type: 'boolean', default: false },
  },
});

const servers = await Promise.all(Array.from({ length: MASTERS }, () => startRedis()));
const scene = await openRollingScene(servers, DURATIONS_MS);
let lostTrials = 0;
process.stdout.write('| round | runs that ended | leases lost |\n|---|---|---|\n');
for (let round = 1; round <= Number(values.rounds); round += 1) {
  while (scene.running().length < DURATIONS_MS.length) await sleep(LOOK_EVERY_MS);
  const before = scene.runs.length;
  await restartInTurn(servers, Number(values.pause), (server) =>
    values.empty ? server.restartEmpty() : server.restart(),
  );
  await sleep(AFTERMATH_MS);
  const ended = scene.runs.slice(before);
  const lost = ended.filter((run) => run.lost !== undefined);
  lostTrials += new Set(lost.map(({ durationMs }) => durationMs)).size;
  const told = lost.map((run) => `${run.durationMs} ms: ${run.lost}`).join('; ');
  process.stdout.write(`| ${round} | ${ended.length} | ${lost.length}${told === '' ? '' : ` (${told})`} |\n`);
}
await scene.close();
await Promise.all(servers.map((server) => server.stop()));
const trials = Number(values.rounds) * DURATIONS_MS.length;
process.stdout.write(`\n${lostTrials} of ${trials} trials lost a lease\n`);
process.exit(lostTrials === 0 ? 0 : 1);
