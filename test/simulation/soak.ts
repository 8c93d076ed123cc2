/**
 * Many simulated worlds, for longer than a test run has time:
 *
 *     npm run simulate -- --worlds 2000 [--profile normal|torture|liveness] [--seed 1]
 *
 * Ends with 1 at the first world that breaks a promise, after printing its plan and its story. `--until-violation` is for the
 * mutation score, which wants the number of the world instead of the story.
 */

import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { planFor } from './world/plan.js';
import { LIVENESS, NORMAL, type Profile, TORTURE } from './world/profile.js';
import { runWorld } from './world/world.js';

const { values } = parseArgs({
  options: {
    worlds: { type: 'string', default: '1000' },
    profile: { type: 'string' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    'until-violation': { type: 'boolean', default: false },
  },
});
const ALL: readonly Profile[] = [NORMAL, TORTURE, LIVENESS];
const LAST_LINES = 80;
const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

async function soak(profile: Profile, worlds: number, seed: number): Promise<boolean> {
  const startedMs = performance.now();
  const totals = { ticks: 0, simulatedMs: 0, contested: 0, runs: 0, losses: 0 };
  let world = 0;
  for (const plan of fc.sample(planFor(profile), { numRuns: worlds, seed })) {
    world += 1;
    const { violations, trace, counters, ticks, simulatedMs } = await runWorld(plan, profile);
    const [violation] = violations;
    if (violation !== undefined) {
      print(`violation in world ${world} of ${profile.name}, seed ${seed}: ${violation.rule}`);
      if (values['until-violation']) return false;
      const at = trace.findIndex((line) => line.includes('!!'));
      print(`${violation.detail}\n${JSON.stringify(plan)}`);
      print(trace.slice(Math.max(0, at - LAST_LINES), at + 1).join('\n'));
      return false;
    }
    totals.ticks += ticks;
    totals.simulatedMs += simulatedMs;
    totals.contested += counters.get('contested') ?? 0;
    totals.runs += (counters.get('outcome success') ?? 0) + (counters.get('outcome failed') ?? 0);
    totals.losses += (counters.get('server is flushed') ?? 0) + (counters.get('server restarts') ?? 0);
  }
  const factor = totals.simulatedMs / (performance.now() - startedMs);
  const cells = [profile.name, seed, worlds, totals.ticks, totals.runs, totals.contested, totals.losses, 0];
  print(`| ${cells.join(' | ')} | ${factor.toFixed(0)} x real time |`);
  return true;
}

const profiles = ALL.filter(({ name }) => values.profile === undefined || values.profile === name);
print(
  '| profile | seed | worlds | ticks due | runs | contested votes | losses of memory | violations | speed |',
);
print('|---|---|---|---|---|---|---|---|---|');
for (const profile of profiles) {
  if (!(await soak(profile, Number(values.worlds), Number(values.seed)))) process.exit(1);
}
