/**
 * Many simulated worlds, for longer than a test run has time:
 *
 *     npm run simulate -- --worlds 4000 [--profile normal|torture|liveness|identity|leases|sets|clocks|hung|pruning|departures|seldom] [--seed 1]
 *     npm run simulate -- --worlds 4000 --skip 2000 …   the second half of them, for another processor
 *
 * Ends with 1 when a world breaks a promise, after printing the smallest plan found and its story and keeping the plan
 * in `regressions/`; and when too little happened for the zeros to mean anything. `--until-violation` is for the
 * mutation score, which wants the number of the world only.
 */

import { parseArgs } from 'node:util';
import { writeRegression } from './regression.js';
import { type Finding, type Search, search, shrink, type Totals } from './search.js';
import { SOMETIMES, tooRare } from './sometimes.js';
import { PROFILES, type Profile } from './world/profile.js';
import { runWorld } from './world/world.js';

const { values } = parseArgs({
  options: {
    worlds: { type: 'string', default: '1000' },
    profile: { type: 'string' },
    skip: { type: 'string', default: '0' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    'until-violation': { type: 'boolean', default: false },
  },
});
const LAST_LINES = 120;
const SHRINK_WITHIN_MS = 60_000;
/** On stderr, for who wonders whether it goes on. */
const SHOWN_EVERY = 100;
const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

async function soak(profile: Profile, worlds: number, seed: number): Promise<boolean> {
  const startedMs = performance.now();
  const onWorld = (world: number): void => {
    if (world % SHOWN_EVERY === 0) process.stderr.write(`${profile.name}: world ${world}\n`);
  };
  const { finding, ...totals } = await search({ profile, worlds, seed, skip: Number(values.skip), onWorld });
  if (finding !== undefined) {
    const { violation, world } = finding;
    print(`violation in world ${world} of ${profile.name}, seed ${seed}: ${violation.rule}`);
    if (!values['until-violation']) await tell({ profile, worlds, seed }, finding);
    return false;
  }
  printTable(profile, seed, totals, totals.simulatedMs / (performance.now() - startedMs));
  if (values['until-violation']) return true;
  const complaints = tooRare(profile, totals);
  for (const complaint of complaints) print(`too rare to mean anything: ${complaint}`);
  return complaints.length === 0;
}

async function tell(asked: Search, finding: Finding): Promise<void> {
  const plan = await shrink(asked, finding, SHRINK_WITHIN_MS);
  const { violations, trace } = await runWorld(plan, asked.profile, true);
  print(`${violations[0]?.detail ?? ''}\n${JSON.stringify(plan)}`);
  print(trace.slice(-LAST_LINES).join('\n'));
  const note = `${finding.violation.rule}; seed ${asked.seed}, world ${finding.world}`;
  const name = `${asked.profile.name}-${asked.seed}-${finding.world}`;
  print(`kept as ${writeRegression(name, { profile: asked.profile.name, note, plan })}`);
}

function printTable(profile: Profile, seed: number, totals: Totals, factor: number): void {
  const { counters, worlds, ticks } = totals;
  const of = (what: string): number => counters.get(what) ?? 0;
  const cells = [profile.name, seed, worlds, ticks, of('contested tick'), of('run'), of('loss of memory'), 0];
  print('| profile | seed | worlds | ticks due | contested ticks | runs | losses | violations | speed |');
  print('|---|---|---|---|---|---|---|---|---|');
  print(`| ${cells.join(' | ')} | ${factor.toFixed(0)} x real time |\n`);
  const others = [...counters].filter(
    ([what]) => what in SOMETIMES[profile.name] || what.startsWith('most '),
  );
  print(`sometimes: ${others.map(([what, count]) => `${what} ${count}`).join(', ')}`);
  print(`heap ${(process.memoryUsage().heapUsed / 2 ** 20).toFixed(0)} MiB\n`);
}

let isGood = true;
for (const profile of PROFILES.filter(
  ({ name }) => values.profile === undefined || values.profile === name,
)) {
  isGood &&= await soak(profile, Number(values.worlds), Number(values.seed));
}
process.exit(isGood ? 0 : 1);
