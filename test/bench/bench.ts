/**
 * The whole comparison by one command: how late tasks start with this library and with what a team could pick instead, how many run twice or
 * not at all, and what stores can do at most. Written as JSON, Markdown and SVG plots.
 *
 *     npm run bench                                      (under three minutes)
 *     npm run bench -- --full --out docs/benchmarks      (about an hour)
 *     npm run bench -- --shapes 100x4 --rounds 3 --seconds 10 --only ours,'croner alone' [--busy 12] [--round-trips 1,1,100]
 *
 * Without `--out` the files go to a temporary folder, so that nobody commits figures of a machine that did other work.
 */

import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { measureFloors } from './floors/floors.js';
import { compare } from './latency/comparison.js';
import { UNABLE } from './latency/contestants.js';
import { loadNow, machine } from './latency/machine.js';
import { requireAsked } from './profile.js';
import { writeReport } from './report/files.js';
import { noiseOf } from './report/noise.js';
import { versionsNow } from './report/versions.js';

const tell = (line: string): void => {
  process.stderr.write(`${line}\n`);
};

const { profile, shown, out } = requireAsked(process.argv.slice(2));
const startedAt = new Date();
const before = loadNow();
const { rows, failures, missing } = await compare(profile, tell);
const measured = await measureFloors(profile.rounds, profile.floorMs, tell);
const folder = out ?? mkdtempSync(join(tmpdir(), 'bench-'));
const markdown = await writeReport(folder, {
  startedAt: startedAt.toISOString(),
  tookS: (Date.now() - startedAt.getTime()) / 1_000,
  profile: shown,
  machine: machine(),
  versions: versionsNow(),
  load: { before, after: loadNow() },
  noise: noiseOf(rows),
  ...{ latency: rows, unable: UNABLE, failures },
  floors: measured.floors,
  missing: [...missing, ...measured.missing],
});
process.stdout.write(markdown);
if (failures.length > 0) process.exitCode = 1;
tell(`written to ${folder}`);
