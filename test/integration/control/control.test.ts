import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { roomOf } from '#src/control/app-claims.js';
import { roomPrefix } from '#src/protocol/board/board-keys.js';
import { until } from '../../support/redis-instances.js';
import { type RedisServer } from '../../support/redis-server.js';
import { ownRedises } from '../../support/shared-servers.js';
import { type ControlApp, type ControlAppOptions, type Run, startControlApp } from './control-app.js';

/** Where it stands that `pulse` is paused. */
const PAUSE = `${roomPrefix(roomOf('control'))}pause:pulse`;

interface Stage {
  readonly servers: readonly RedisServer[];
  readonly runs: Run[];
  start(instanceId: string, given?: Partial<ControlAppOptions>): Promise<ControlApp>;
}

async function stage(nodes = 3): Promise<Stage> {
  const servers = await ownRedises(nodes);
  const runs: Run[] = [];
  return {
    servers,
    runs,
    start: async (instanceId, given = {}) => {
      const app = await startControlApp({ redis: servers.map(({ url }) => url), instanceId, runs, ...given });
      onTestFinished(() => app.close());
      return app;
    },
  };
}

const pulses = (runs: readonly Run[]): number[] =>
  runs.filter(({ task }) => task === 'pulse').map(({ tick }) => tick);

describe('control at run time', () => {
  it('pauses a task for every instance, over a restart of all of them, until it is resumed', async () => {
    const { runs, start } = await stage();
    const [one, other] = await Promise.all([start('one'), start('other')]);
    await until(() => runs.length > 1, 'the task runs');
    await one.registry.pause('pulse');
    await until(() => other.registry.get('pulse').state === 'paused', 'the other sees the pause');
    // What was under way at that moment ends.
    await sleep(200);
    const before = runs.length;
    await Promise.all([one.close(), other.close()]);
    const later = await start('later');
    await sleep(2_500);
    expect(runs).toHaveLength(before);
    expect(later.registry.get('pulse')).toMatchObject({ state: 'paused', nextTick: undefined });
    await later.registry.resume('pulse');
    await until(() => runs.length > before, 'the task runs again');
    expect(new Set(pulses(runs)).size).toBe(runs.length);
  });

  it('runs a triggered tick once in the cluster, with its payload and a token of its own', async () => {
    const { runs, start } = await stage();
    const apps = await Promise.all(['a', 'b', 'c'].map((id) => start(id)));
    await until(() => runs.length > 0, 'the nodes vote');
    const triggered = await apps[0]?.registry.trigger('report', { payload: { by: 'hand' } });
    const second = await apps[1]?.registry.trigger('report');
    await until(() => runs.filter(({ task }) => task === 'report').length >= 2, 'both have run');
    await sleep(500);
    const reports = runs.filter(({ task }) => task === 'report');
    expect(reports.map(({ tick }) => tick)).toEqual([triggered?.tick, second?.tick]);
    expect(reports.map(({ payload }) => payload)).toEqual([{ by: 'hand' }, undefined]);
    expect(reports[1]?.token).toBeGreaterThan(reports[0]?.token ?? 0);
    await until(
      () => apps.every(({ registry }) => registry.get('report').newestRun?.tick === second?.tick),
      'everybody knows the newest run',
    );
    expect(apps[2]?.registry.get('report').newestRun).toMatchObject({
      outcome: 'success',
      instanceId: reports[1]?.instanceId,
    });
  });

  it('marks what nodes may forget: added tasks and triggers, and no task of the code', async () => {
    const { servers, runs, start } = await stage(1);
    const { registry } = await start('one');
    await until(() => runs.length > 0, 'the node votes');
    await registry.add({ name: 'soon', runs: 'send', atMs: Date.now() + 2_000 });
    const { tick } = await registry.trigger('report');
    await until(() => ['soon', 'report'].every((name) => runs.some(({ task }) => task === name)), 'both ran');
    const ledger = (await servers[0]?.client().hgetall('{control}:ledger')) ?? {};
    const lines = Object.entries(ledger).filter(([field]) => field.startsWith('t:'));
    const marked = lines.filter(([, value]) => /^\d+ \S+~ /.test(value)).map(([field]) => field.slice(2));
    expect(marked.sort()).toEqual(['soon', expect.stringMatching(`^\\{trigger\\}${tick}:\\w+:report$`)]);
    expect(lines.map(([field]) => field)).toEqual(expect.arrayContaining(['t:pulse', 't:report']));
  });

  it('runs each of many triggers of many instances at the same moment, each with its own payload', async () => {
    const { runs, start } = await stage();
    const apps = await Promise.all(['a', 'b', 'c'].map((id) => start(id)));
    await until(() => runs.length > 0, 'the nodes vote');
    await apps[0]?.registry.add({ name: 'same', runs: 'send', everyMs: 2_000 });
    await until(() => apps.every(({ registry }) => registry.has('same')), 'everybody knows the task');
    const calls = apps.flatMap(({ registry, instanceId }) =>
      [1, 2].map(async (call) => {
        const payload = `${instanceId}${call}`;
        const { tick } = await registry.trigger('same', { payload });
        return { tick, payload };
      }),
    );
    const triggered = await Promise.all(calls);
    const latest = Math.max(...triggered.map(({ tick }) => tick));
    const same = (): Run[] => runs.filter(({ task }) => task === 'same');
    await sleep(Math.max(0, latest - Date.now()));
    await until(() => same().some(({ tick }) => tick > latest), 'the next tick of the task has run');
    const paid = same().flatMap(({ tick, payload }) => (payload === undefined ? [] : [{ tick, payload }]));
    const inOrder = [...triggered].sort((one, other) => one.tick - other.tick);
    expect(paid.sort((one, other) => one.tick - other.tick)).toEqual(inOrder);
  });

  it('runs a task that was added once per tick over all instances with its handler, until it is removed', async () => {
    const { runs, start } = await stage();
    const [one, other, stranger] = await Promise.all([
      start('one'),
      start('other'),
      start('stranger', { withoutHandler: true }),
    ]);
    await until(() => runs.length > 0, 'the nodes vote');
    await one.registry.add({ name: 'acme', runs: 'send', everySecond: true, payload: { customer: 'acme' } });
    const sent = (): Run[] => runs.filter(({ task }) => task === 'acme');
    await until(() => sent().length >= 3, 'it runs');
    expect(new Set(sent().map(({ tick }) => tick)).size).toBe(sent().length);
    expect(sent().every(({ payload }) => JSON.stringify(payload) === '{"customer":"acme"}')).toBe(true);
    expect(sent().some(({ instanceId }) => instanceId === 'stranger')).toBe(false);
    expect(stranger.registry.get('acme')).toMatchObject({ state: 'left_alone', source: 'runtime' });
    await other.registry.remove('acme');
    await until(() => !one.registry.has('acme'), 'the other sees the removal');
    await sleep(200);
    const before = sent().length;
    await sleep(1_500);
    expect(sent()).toHaveLength(before);
  });

  it('keeps what was decided when the nodes lose their memory one after the other', async () => {
    const { servers, runs, start } = await stage();
    const [one] = await Promise.all([start('one'), start('other')]);
    await until(() => runs.length > 0, 'the nodes vote');
    await one.registry.pause('pulse');
    for (const server of servers) {
      await server.client().flushall();
      await until(
        async () => (await server.client().hexists('{control}:board', `r:${PAUSE}`)) === 1,
        'the node is refilled',
      );
    }
    const newcomer = await start('newcomer');
    expect(newcomer.registry.get('pulse').state).toBe('paused');
  });

  it('throws away what is left of a board of which a key was evicted, and fills it again', async () => {
    const { servers, runs, start } = await stage(1);
    const one = await start('one');
    await until(() => runs.length > 0, 'the task has run');
    await one.registry.pause('pulse');
    const client = servers[0]?.client();
    for (const key of ['', ':changes', ':expiry', ':runs'].map((part) => `{control}:board${part}`)) {
      // A node that is not whole yet would lose nothing with it.
      await until(async () => (await client?.exists(key)) === 1, `${key} holds something`);
      await client?.del(key);
      await until(
        async () =>
          (await client?.hexists('{control}:board', `r:${PAUSE}`)) === 1 &&
          (await client?.zscore('{control}:board:changes', PAUSE)) !== null,
        'the board is whole again',
      );
      await until(async () => (await client?.exists(key)) === 1, `${key} is there again`);
    }
    expect(one.registry.get('pulse').state).toBe('paused');
  });

  it('says with a code that no majority keeps a decision, and goes on when the nodes are back', async () => {
    const { servers, start } = await stage();
    const one = await start('one');
    await one.registry.pause('pulse');
    await one.registry.resume('pulse');
    await Promise.all(servers.slice(1).map((server) => server.stop()));
    await expect(one.registry.pause('pulse')).rejects.toMatchObject({ code: 'DSCHED_NOT_KEPT' });
  });

  it('follows the schedule of a newer version during a rolling deploy, each tick once, and returns to its own', async () => {
    const { runs, start } = await stage();
    const old = await start('old', { report: '0 0 3 1 1 *' });
    await until(() => runs.length > 0, 'the nodes vote');
    const renewed = await start('renewed', { report: '* * * * * *' });
    await until(
      () => old.registry.get('report').schedule.startsWith('* * * * * *'),
      'the old version follows',
    );
    const told = () =>
      old.events
        .of('control')
        .filter(({ task, condition }) => task === 'report' && condition === 'follows_newer');
    expect(told()).toMatchObject([{ isActive: true }]);
    const reports = (): Run[] => runs.filter(({ task }) => task === 'report');
    await until(() => reports().length >= 3, 'the new schedule is run');
    await renewed.close();
    const before = reports().length;
    // Without the newer version its schedule goes on for a while: a rolling restart is no roll-back.
    await until(() => reports().length > before, 'the old version runs the newer schedule');
    await until(() => told().length === 2, 'the old definition counts again');
    expect(old.registry.get('report').schedule).toContain('0 0 3 1 1 *');
    expect(new Set(reports().map(({ tick }) => tick)).size).toBe(reports().length);
  });

  it('leaves a task that a newer version runs more often to that version alone, and goes on when it has gone', async () => {
    const { runs, start } = await stage();
    const old = await start('old', { report: '*/5 * * * * *', followMoreFrequent: false });
    await until(() => runs.length > 0, 'the nodes vote');
    const renewed = await start('renewed', { report: '* * * * * *' });
    const told = (condition: string) =>
      old.events.of('control').filter((event) => event.task === 'report' && event.condition === condition);
    await until(() => told('left_to_newer').length === 1, 'the old version leaves it');
    expect(told('left_to_newer')[0]?.detail).toContain('which is more often');
    expect(old.registry.get('report')).toMatchObject({ state: 'left_alone' });
    const reports = (): Run[] => runs.filter(({ task }) => task === 'report');
    // What the old version has begun to bid for it also runs.
    const underWayUpTo = Date.now() + 1_000;
    const later = (): Run[] => reports().filter(({ tick }) => tick > underWayUpTo);
    await until(() => later().length >= 4, 'the newer version runs it');
    expect(new Set(later().map(({ instanceId }) => instanceId))).toEqual(new Set(['renewed']));
    await renewed.close();
    await until(() => told('left_to_newer').length === 2, 'the old definition counts again');
    expect(old.registry.get('report').schedule).toContain('*/5 * * * * *');
    await until(() => reports().at(-1)?.instanceId === 'old', 'the old version runs it');
  }, 60_000);
});
