import { drawWeek } from '/work/main/test/simulation/week/week-plan.ts';
import { runWeek } from '/work/main/test/simulation/week/week-world.ts';

const t0 = performance.now();
const plan = drawWeek({
  seed: 1,
  tasks: Number(process.argv[2]),
  days: Number(process.argv[3]),
  instances: 5,
  servers: 3,
});
const t1 = performance.now();
const total = plan.tasks.reduce((s, t) => s + t.ticks.length, 0);
const distinct = new Set(plan.tasks.flatMap((t) => t.ticks)).size;
console.log(
  'plan',
  (t1 - t0).toFixed(0),
  'ms ticks',
  total,
  'distinct',
  distinct,
  'faults',
  plan.faults.length,
);
const r = await runWeek(plan, 5, 3);
console.log('run', (performance.now() - t1).toFixed(0), 'ms', r.violations, [...r.counters]);
let bad = 0;
for (const t of plan.tasks) {
  const runs = [...(r.runs.get(t.name) ?? [])].filter((x) => x > plan.startMs && x <= plan.endMs);
  const a = JSON.stringify(runs),
    b = JSON.stringify(t.ticks);
  if (a !== b) {
    bad++;
    if (bad < 10) {
      const miss = t.ticks.filter((x) => !runs.includes(x));
      const extra = runs.filter((x, i) => !t.ticks.includes(x) || runs.indexOf(x) !== i);
      console.log(
        t.name,
        'missing',
        miss.map((x) => new Date(x).toISOString()),
        'extra',
        extra.map((x) => new Date(x).toISOString()),
      );
      for (const m of miss)
        console.log(plan.faults.filter((f) => f.atMs < m + 60000 && f.atMs + f.durationMs > m - 60000));
    }
  }
}
console.log('bad', bad);
