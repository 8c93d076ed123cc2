/**
 * Checks the models (tick.pml, identity.pml, resends.pml, sets.pml, generations.pml, locks.pml, renewals.pml, prune.pml) in all states of small worlds:
 *
 *     npm run model -- [--quick] [--only <part of a name>] [--stories]
 *
 * One row per configuration. Ends with 1 when the protocol fails, a search is cut short, a breakage goes unseen or a
 * place is never reached; with 2 when SPIN or gcc is missing. `--stories` prints the history of every breakage, not
 * only of what was not expected.
 */

import { parseArgs } from 'node:util';
import type { Configuration } from './configuration.js';
import { CONFIGURATIONS, isPlain } from './configurations.js';
import { type Finding, HOW_TO_INSTALL, missingTools, verify } from './verifier.js';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string', default: '' },
    stories: { type: 'boolean', default: false },
  },
});
const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

const unreached: (readonly string[])[] = [];

/** Searches that end at a story, by model and by what is expected, as docs/protocol/models.md has them. */
const ended = new Map<string, string[]>();
const TITLES = { holds: undefined, fails: 'Taken out, it fails', reachable: 'Reached' } as const;

/** What the search says, in the words of the column "expected". */
function resultOf({ expected }: Configuration, finding: Finding): string {
  if (finding.isComplete) return 'holds';
  if (finding.errors === 0) return 'cut short';
  // A place is named by number, see SOMETIMES in the model; anything else that fails there is no proof of the place.
  if (expected === 'reachable' && /\(\d+!=\d+\)/.test(finding.violation)) return 'reachable';
  // Where nothing can happen any more and the goal is not reached, the model has deadlocked.
  return /^(assertion violated|invalid end state)/.test(finding.violation) ? 'fails' : 'other error';
}

function check(configuration: Configuration): boolean {
  const { name, expected } = configuration;
  const finding = verify(configuration);
  const result = resultOf(configuration, finding);
  const isExpected = result === expected;
  const { states, transitions, depth, seconds, megabytes } = finding;
  const verdict = isExpected ? result : `**${result}**`;
  const cells = [name, expected, verdict, states, transitions, depth, seconds, Math.round(megabytes)];
  print(`| ${cells.join(' | ')} |`);
  const title = TITLES[expected];
  if (title !== undefined) {
    const key = `${configuration.model}.pml: *${title}* (states until then): `;
    ended.set(key, [...(ended.get(key) ?? []), `${name} ${Number(states).toLocaleString('en')}`]);
  }
  if (!isExpected || values.stories) print(`\n${finding.violation}\n${finding.story}\n`);
  if (isPlain(configuration) && expected === 'holds') unreached.push(finding.unreached);
  if (!isExpected) print(`repeat: npm run model -- --only '${name}'   (-D ${configuration.defines})\n`);
  return isExpected;
}

/** What no plain world got to. The plain worlds share one program text, so its places have the same numbers in all. */
function deadCode(): readonly string[] {
  const [first = [], ...rest] = unreached;
  return first.filter((line) => rest.every((lines) => lines.includes(line)));
}

const missing = missingTools();
if (missing.length > 0) {
  print(`MODEL NOT CHECKED: ${missing.join(' and ')} not found; ${HOW_TO_INSTALL}`);
  process.exit(2);
}
const chosen = CONFIGURATIONS.filter(
  ({ name, isQuick }) => (isQuick || !values.quick) && name.includes(values.only),
);
print('| configuration | expected | result | states | transitions | depth | seconds | MB |');
print('|---|---|---|---|---|---|---|---|');
const unexpected = chosen.filter((configuration) => !check(configuration));
print(`\n${chosen.length} configurations, ${unexpected.length} not as expected`);
for (const [key, searches] of ended) print(`\n${key}${searches.join('; ')}.`);
const dead = values.only === '' ? deadCode() : [];
if (dead.length > 0) print(`never reached in any plain world: ${dead.join('; ')}`);
process.exit(chosen.length > 0 && unexpected.length + dead.length === 0 ? 0 : 1);
