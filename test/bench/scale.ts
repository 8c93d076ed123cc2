/**
 * How cost grows with tasks and instances: measured on this machine, fitted to unit costs, and reckoned on from there.
 *
 *     npm run bench:scale                                   (about eight minutes on a machine that does nothing else)
 *     npm run bench:scale -- --shapes 1x1,100x1,100x4 --seconds 10
 *
 * A shape is per-second tasks x processes. What is reckoned holds for the costs of this machine: docs/scaling.md says what it means.
 */

import { parseArgs } from 'node:util';
import { compare } from './latency/comparison.js';
import { requireContestant } from './latency/contestants.js';
import type { FleetResult } from './latency/fleet.js';
import { median } from './latency/judge.js';
import { loadNow, machine } from './latency/machine.js';
import { requireShapes, type Shape, shownShape } from './latency/shape.js';
import { type Costs, fit, INSTANCE_TERMS, MASTER_TERMS, predict, type Terms } from './scale/unit-costs.js';

const { values } = parseArgs({
  options: {
    shapes: {
      type: 'string',
      default: '1x1,100x1,400x1,1000x1,5000x1,1x4,100x4,400x4,1000x4,1x12,100x12,400x12,1x24',
    },
    reckoned: {
      type: 'string',
      default: '1000x3,10000x3,1000x12,10000x12,1000x100,10000x100,100000x100,1000x1000,100000x1000',
    },
    seconds: { type: 'string', default: '10' },
    rounds: { type: 'string', default: '1' },
  },
});
const MASTERS = 3;
/** One event loop, and the one thread of a master. */
const CORE_MS = 1_000;
/** A gigabit network, in kB per second. */
const LINK_KB = 125_000;

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

function table(head: readonly string[], rows: readonly (readonly (string | number)[])[]): void {
  print(`\n| ${head.join(' | ')} |\n|${'---|'.repeat(head.length)}`);
  for (const row of rows) print(`| ${row.join(' | ')} |`);
}

const before = loadNow();
const { rows, failures } = await compare(
  {
    shapes: requireShapes(values.shapes),
    contestants: [requireContestant('ours')],
    rounds: Number(values.rounds),
    seconds: Number(values.seconds),
    ...{ busyLoops: 0, roundTripsMs: [], watchesLoop: true },
  },
  (line) => process.stderr.write(`${line}\n`),
);
print(
  `${machine()}, load ${before.toFixed(1)} before and ${loadNow().toFixed(1)} after; ${MASTERS} masters on it too`,
);

const of = (results: readonly FleetResult[], pick: (result: FleetResult) => number | undefined): number =>
  median(results.flatMap((result) => pick(result) ?? [])) ?? Number.NaN;
const measured = rows.map(({ results, tasks, instances }) => ({
  shape: { tasks, instances },
  p50Ms: of(results, ({ p50Ms }) => p50Ms),
  p99Ms: of(results, ({ p99Ms }) => p99Ms),
  missed: results.reduce((sum, { missed }) => sum + missed, 0),
  cpuMs: of(results, ({ cpuMs }) => cpuMs),
  loopMs: of(results, ({ loopDelayMs }) => loopDelayMs),
  rssMiB: of(results, ({ rssMiB }) => rssMiB),
  bootMs: of(results, ({ bootMs }) => bootMs),
  masterMs: of(results, ({ storeCpuMs }) => storeCpuMs) / MASTERS,
  messages: of(results, ({ messages }) => messages) / MASTERS,
  kilobytes: of(results, ({ kilobytes }) => kilobytes) / MASTERS,
}));
table(
  [
    'tasks x processes',
    'p50 ms',
    'p99 ms',
    'missed',
    'CPU ms/s and process',
    'event loop late, p99 ms',
    'MiB per process',
    'boot ms, slowest',
    'messages/s and master',
    'kB/s and master',
    'CPU ms/s and master',
  ],
  measured.map((one) => [
    shownShape(one.shape),
    one.p50Ms.toFixed(2),
    one.p99Ms.toFixed(1),
    one.missed,
    one.cpuMs.toFixed(1),
    one.loopMs.toFixed(1),
    one.rssMiB.toFixed(0),
    one.bootMs.toFixed(0),
    one.messages.toFixed(1),
    one.kilobytes.toFixed(1),
    one.masterMs.toFixed(1),
  ]),
);

/** What misses ticks does not do the work that is to be priced. */
const whole = measured.filter(({ missed }) => missed === 0);
const fitted = (terms: Terms, pick: (one: (typeof measured)[number]) => number): Costs =>
  fit(
    terms,
    whole.map((one) => ({ shape: one.shape, value: pick(one) })),
  );
const costs = {
  instance: fitted(INSTANCE_TERMS, ({ cpuMs }) => cpuMs),
  master: fitted(MASTER_TERMS, ({ masterMs }) => masterMs),
  network: fitted(MASTER_TERMS, ({ kilobytes }) => kilobytes),
};
const named = (terms: Terms, { each }: Costs, unit: string, scale: number): readonly string[] =>
  terms.map(({ name }, index) => `${name} ${((each[index] ?? 0) * scale).toFixed(1)} ${unit}`);
table(
  ['per second', 'costs', 'median error of the fit'],
  [
    [
      'CPU of an instance',
      named(INSTANCE_TERMS, costs.instance, 'µs', 1_000).join('<br>'),
      costs.instance.off,
    ],
    ['CPU of a master', named(MASTER_TERMS, costs.master, 'µs', 1_000).join('<br>'), costs.master.off],
    ['network of a master', named(MASTER_TERMS, costs.network, 'B', 1_000).join('<br>'), costs.network.off],
  ].map(([what, text, off]) => [`${what}`, `${text}`, `${(Number(off) * 100).toFixed(0)} %`]),
);

function reckoned(shape: Shape): readonly string[] {
  const shares = {
    'an instance': predict(INSTANCE_TERMS, costs.instance, shape) / CORE_MS,
    'a master': predict(MASTER_TERMS, costs.master, shape) / CORE_MS,
    'the network': predict(MASTER_TERMS, costs.network, shape) / LINK_KB,
  };
  const [first] = Object.entries(shares).sort(([, one], [, other]) => other - one);
  return [
    shownShape(shape),
    ...Object.values(shares).map((share) => `${(share * 100).toFixed(share < 0.1 ? 1 : 0)} %`),
    (first?.[1] ?? 0) > 1 ? `${first?.[0]}: too much` : `${first?.[0]}`,
  ];
}
table(
  [
    'reckoned: tasks x instances',
    'of a core, an instance',
    'of a core, a master',
    'of 1 Gbit/s, a master',
    'ends first',
  ],
  requireShapes(values.reckoned).map(reckoned),
);
for (const failure of failures) print(`\n${failure}`);
if (failures.length > 0) process.exitCode = 1;
