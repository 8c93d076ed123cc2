/**
 * A long campaign of random, paired and directed faults on real replicas and real masters:
 *
 *     npm run faults -- --minutes 30 [--seed 1] [--scene masters|network|sentinel] [--only SELECT] [--out table.md]
 *
 * Ends with 1 when a promise was broken, a miss cannot be explained, or a fault could not be seen to take effect; then
 * what happened around it is printed. The seed decides what is drawn, not when processes answer: it repeats the
 * kind of campaign, not its history.
 */

import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { momentsOf, tableOf, violationsOf } from './account/report.js';
import type { Evidence } from './account/row.js';
import { isClean, mergeTallies, type Tally, tallyUp } from './account/tally.js';
import { type ActParts, playAct } from './act.js';
import { machineMs } from './machine-clock.js';
import { MASTERS } from './masters-scene.js';
import { NETWORK } from './network-scene.js';
import type { SceneKind } from './scene.js';
import { SENTINEL } from './sentinel-scene.js';

const SCENES: readonly SceneKind[] = [MASTERS, NETWORK, SENTINEL];
const MINUTE_MS = 60_000;

const { values } = parseArgs({
  options: {
    minutes: { type: 'string', default: '5' },
    seed: { type: 'string', default: String(Math.floor(Math.random() * 2 ** 31)) },
    scene: { type: 'string' },
    only: { type: 'string' },
    out: { type: 'string' },
  },
});

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

/** What is promised there decides what fails: see `isBestEffort`. */
interface Part {
  readonly title: string;
  readonly tallies: Tally[];
  readonly moments: string[];
}

async function campaign(minutes: number, seed: number, kinds: readonly SceneKind[]): Promise<boolean> {
  const shares = kinds.reduce((sum, { share }) => sum + share, 0);
  const promised: Part = { title: 'Independent masters', tallies: [], moments: [] };
  const bestEffort: Part = { title: 'One store that fails over (best effort)', tallies: [], moments: [] };
  let round = 0;
  for (const kind of kinds) {
    const part = kind.isBestEffort === true ? bestEffort : promised;
    const wholeMs = (minutes * MINUTE_MS * kind.share) / shares;
    const stepMs = kind.longestMs ?? wholeMs;
    for (let leftMs = wholeMs; leftMs > 0; leftMs -= stepMs) {
      const { tally, evidence } = await act({ kind, seed: seed + round, forMs: Math.min(leftMs, stepMs) });
      part.tallies.push(tally);
      part.moments.push(`${kind.name}: ${momentsOf(evidence.facts.incidents)}.`);
      round += 1;
    }
  }
  const text = [`Seed ${seed}, ${minutes} minutes.`, ...[promised, bestEffort].flatMap(describe)].join(
    '\n\n',
  );
  print(text);
  if (values.out !== undefined) writeFileSync(values.out, `${text}\n`);
  const [strict, lenient] = [mergeTallies(promised.tallies), mergeTallies(bestEffort.tallies)];
  const clean = isClean(strict) && isClean({ ...lenient, broken: [] });
  const tolerated = bestEffort.tallies.length === 0 ? '' : `; best effort: ${lenient.broken.length} broken`;
  print(`${clean ? 'no violation' : 'VIOLATIONS, see above'}${tolerated}`);
  return clean;
}

function describe({ title, tallies, moments }: Part): readonly string[] {
  if (tallies.length === 0) return [];
  const whole = mergeTallies(tallies);
  const stale = `${whole.staleStarts} stale start(s): the process was stopped just before its handler's first line.`;
  const losses = `${whole.losses.judged} run(s) died with their instance while somebody could see it, and had to be told.`;
  return [`${title}. ${moments.join(' ')} ${stale} ${losses}`, tableOf(whole)];
}

async function act(round: Omit<ActParts, 'tell'>): Promise<{ tally: Tally; evidence: Evidence }> {
  print(`scene ${round.kind.name}: ${(round.forMs / MINUTE_MS).toFixed(1)} minutes, seed ${round.seed}`);
  const startedMs = machineMs();
  const tell = (line: string): void => print(`${((machineMs() - startedMs) / 1_000).toFixed(1)} s  ${line}`);
  const evidence = await playAct({ ...round, tell, ...(values.only !== undefined && { only: values.only }) });
  const tally = tallyUp(evidence);
  for (const { task, tick, reason, text } of tally.total.misses) {
    if (reason !== 'earlier run goes on') print(`missed ${task} ${tick}: ${reason}: ${text}`);
  }
  for (const violation of violationsOf(tally, evidence)) print(`VIOLATION ${violation}`);
  return { tally, evidence };
}

for (const script of ['ensure-redis.mjs', 'build-demo.mjs']) {
  const path = fileURLToPath(new URL(`../../../scripts/${script}`, import.meta.url));
  execFileSync(process.execPath, [path], { stdio: ['ignore', 'ignore', 'inherit'] });
}
// Before any server is started, so that this comes first: leaving by `exit` is what ends all processes.
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => process.exit(1));
const chosen = SCENES.filter(({ name }) => values.scene === undefined || values.scene === name);
if (chosen.length === 0) throw new Error(`--scene takes ${SCENES.map(({ name }) => name).join(', ')}`);
const possible = chosen.filter(({ name, unavailable }) => {
  const reason = unavailable();
  if (reason !== undefined) print(`SKIPPED scene ${name}: ${reason}`);
  return reason === undefined;
});
const clean = await campaign(Number(values.minutes), Number(values.seed), possible);
process.exit(clean ? 0 : 1);
