/**
 * The torture of the ledger on real redis-server processes.
 *
 *     npm run torture                              (about five minutes)
 *     npm run torture -- --ticks 10000 --losses 1000 --seed 7
 *     npm run torture -- --breakage "no floor"     the same, on a copy of the sources with that rule broken
 *     npm run torture -- --score                   every breakage, until it is caught (about five minutes)
 *
 * Ends with 1 when a tick was started twice, when a breakage survives, and when too little happened for the run to
 * mean anything: too few contests or losses, or no forgotten vote that was asked for again in vain.
 */

import { parseArgs } from 'node:util';
import { BREAKAGES, requireBreakage } from './breakages.js';
import { scoreOf } from './score.js';
import type { TortureSettings } from './terms.js';
import { runTorture } from './torture-run.js';

const { values } = parseArgs({
  options: {
    ticks: { type: 'string', default: '10000' },
    losses: { type: 'string', default: '1000' },
    seconds: { type: 'string', default: '1800' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    breakage: { type: 'string' },
    score: { type: 'boolean', default: false },
    'until-doubled': { type: 'boolean', default: false },
  },
});

const settings: TortureSettings = {
  seed: Number(values.seed),
  contestedTicks: Number(values.ticks),
  losses: Number(values.losses),
  mostMs: Number(values.seconds) * 1_000,
  sets: [3, 3, 3, 5],
  steppingSets: [3],
  forkedSets: [3],
  replicas: 3,
  untilDoubled: values['until-doubled'],
};

const MAX_SHOWN = 5;

function print(line: string): void {
  process.stdout.write(`${line}\n`);
}

async function torture(): Promise<number> {
  const result = await runTorture(settings);
  const { doubled, stories, startedTicks, contestedTicks, losses, refusals, tookMs, troubles } = result;
  for (const story of stories.slice(0, MAX_SHOWN)) print(`doubled: ${story}`);
  const counts = new Map<string, number>();
  for (const { kind } of losses) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  const kinds = [...counts].map(([kind, count]) => `${count} by ${kind}`);
  print('| ticks started | contested | losses of memory | forgotten votes refused | seconds | doubled |');
  print('|---|---|---|---|---|---|');
  const refused = `${refusals.byFloor} by the floor, ${refusals.withoutVote} without a vote`;
  const cells = [startedTicks, contestedTicks, `${losses.length} (${kinds.join(', ')})`, refused];
  print(`| ${cells.join(' | ')} | ${(tookMs / 1_000).toFixed(0)} | ${doubled.length} |`);
  for (const trouble of troubles.slice(0, MAX_SHOWN)) print(`void: ${trouble}`);
  if (doubled.length > 0 || troubles.length > 0) return 1;
  if (contestedTicks < settings.contestedTicks || losses.length < settings.losses) {
    print(`void: fewer than ${settings.contestedTicks} contested ticks or ${settings.losses} losses`);
    return 1;
  }
  if (refusals.byFloor > 0 && refusals.withoutVote > 0) return 0;
  print('void: no forgotten vote was refused by the floor, or none by a node without a vote');
  return 1;
}

print(`seed ${settings.seed}`);
if (values.score || values.breakage !== undefined) {
  const asked = values.breakage === undefined ? BREAKAGES : [requireBreakage(values.breakage)];
  process.exit((await scoreOf(asked, settings, print)) ? 0 : 1);
}
process.exit(await torture());
