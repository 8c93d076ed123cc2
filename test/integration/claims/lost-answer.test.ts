/**
 * A node grants a claim, and its answer is lost with the connection: on real servers, with real instances. The tick runs once all
 * the same, or is told as missed.
 */

import type { AuditFinding, ScheduleEvent, TickReport } from 'nestjs-distributed-schedule';
import { expect, it, onTestFinished } from 'vitest';
import { BID_SCRIPT } from '#src/redis/scripts/bid-script.js';
import { LostAnswers } from '../../support/faults/lost-answers.js';
import { endQuarantine, newNamespace, until } from '../../support/redis-instances.js';
import { ownRedises } from '../../support/shared-servers.js';
import { startTaskApp } from '../../support/task-app.js';
import { doubled, missing } from '../../support/tasks.js';

const PERIOD_MS = 1_000;
const STRIKES = 3;

it.each([
  { nodes: 1, instances: 1 },
  { nodes: 1, instances: 3 },
  { nodes: 3, instances: 3 },
])(
  'a tick whose claim was applied on $nodes node(s) and not answered runs, once, with $instances instance(s)',
  async (stage) => {
    const { ways, ticks, findings, takenByThemselves } = await open(stage);
    await until(() => ticks.length >= 2, 'ticks run');
    for (let strike = 1; strike <= STRIKES; strike += 1) {
      for (const way of ways) way.loseAnswerTo(BID_SCRIPT.sha1);
      await until(() => ways.every(({ lost }) => lost === strike), 'the answers of all nodes are lost');
      const struckAt = Date.now();
      await until(() => ticks.some((tick) => tick > struckAt + PERIOD_MS), 'ticks run again');
    }
    const [first = 0] = ticks;
    const last = Math.max(...ticks);
    const due = Array.from({ length: (last - first) / PERIOD_MS + 1 }, (_, n) => first + n * PERIOD_MS);
    const told = (tick: number): boolean =>
      findings.some((finding) => finding.tick === tick && finding.outcome === 'missed');
    // A machine that is too slow for a tick says so.
    await until(
      () => due.every((tick) => ticks.includes(tick) || told(tick)),
      'every tick has run or is told as missed',
    );
    expect(doubled(ticks)).toEqual([]);
    expect(missing(ticks).length).toBeLessThan(STRIKES);
    expect(takenByThemselves).toEqual([]);
  },
);

async function open({ nodes, instances }: { readonly nodes: number; readonly instances: number }) {
  const servers = await ownRedises(nodes);
  const ways = await Promise.all(servers.map(({ port }) => LostAnswers.open(port)));
  onTestFinished(async () => {
    await Promise.all(ways.map((way) => way.close()));
  });
  const namespace = newNamespace();
  const ticks: number[] = [];
  const findings: AuditFinding[] = [];
  const takenByThemselves: TickReport[] = [];
  const observe = (event: ScheduleEvent): void => {
    if (event.type === 'audit') findings.push(event.finding);
    if (event.type !== 'tick') return;
    const { outcome, by, instanceId } = event.report;
    if (outcome === 'taken' && by === instanceId) takenByThemselves.push(event.report);
  };
  const options = { namespace, redis: ways.map(({ url }) => url), observers: [{ observe }] };
  for (let index = 0; index < instances; index += 1) {
    const app = await startTaskApp(options, ({ tick }) => {
      ticks.push(tick);
    });
    onTestFinished(() => app.close());
  }
  for (const server of servers) {
    await until(() => server.client().exists(`{${namespace}}:ledger`).then(Boolean), 'the node is asked');
    await endQuarantine(server, namespace);
  }
  return { ways, ticks, findings, takenByThemselves };
}
