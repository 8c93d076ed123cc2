import { Crowd } from './crowd.js';
const instances = Number(process.argv[2] ?? 12), tasks = Number(process.argv[3] ?? 100);
const c = new Crowd({ instances, tasks, cores: 2, seed: 5 });
await c.advance(10);
for (const share of (process.argv[4] ?? '1,0.045,0.04,0.035,0.03,0.025,0.02').split(',').map(Number)) {
  c.processor.share = share; await c.advance(3); c.by = {};
  const outcomes: Record<string, number> = {};
  const before = c.cluster.members.map((m) => m.events.length);
  console.log('share', share, JSON.stringify(await c.measure(6)), 'told', c.told.length, JSON.stringify(Object.fromEntries(Object.entries(c.by).map(([k, v]) => [k, +(v / 6).toFixed(1)]))));
  c.cluster.members.forEach((m, i) => { for (const e of m.events.slice(before[i])) if (e.type === 'tick') { const k = `${e.report.outcome} ${(e.report.detail ?? '').replace(/instance-\d+/, 'I').replace(/\d+ ms late/, 'N late')}`; outcomes[k] = (outcomes[k] ?? 0) + 1; } });
  console.log('   ', JSON.stringify(Object.entries(outcomes).sort((a, b) => b[1] - a[1]).slice(0, 7)));
  c.processor.share = 1; await c.advance(4);
}
