import type { AuditFinding } from 'nestjs-distributed-schedule';
import { afterEach, describe, expect, it } from 'vitest';
import type { Replica } from '../support/replica.js';
import { Stage, untilTime } from '../support/stage.js';

const SECOND_MS = 1_000;
/** The last findings come seconds after the majority. */
const SUMMED_UP_WITHIN_MS = 8_000;
/** A period and the lateness limit, and what messages between processes take. */
const TOLD_WITHIN_MS = 1_400 + 400;
/** From the first tick that an instance looks after on: new masters grant nothing for one time to live. */
const SETTLING_MS = 6_000;

function findingsOf({ messages }: Replica): readonly AuditFinding[] {
  return messages.flatMap((message) => (message.type === 'audit' ? [message.finding] : []));
}

describe('a task that nobody runs', () => {
  let stage: Stage;
  afterEach(async () => stage.close());

  /** Three replicas that look after every tick. */
  async function open(taskMs: string): Promise<number> {
    stage = await Stage.open({ env: { TASK_MS: taskMs } });
    const from = await stage.settled();
    await untilTime(from + SETTLING_MS);
    return stage.settled();
  }

  it('is told tick by tick while all masters are silent, and in one line of the log when they are back', async () => {
    const from = await open('5');
    for (const master of stage.masters) master.pause();
    await untilTime(from + 4 * SECOND_MS + TOLD_WITHIN_MS);
    const lost = [from + 2 * SECOND_MS, from + 3 * SECOND_MS, from + 4 * SECOND_MS];
    for (const replica of stage.replicas) {
      const told = findingsOf(replica).map(({ tick }) => tick);
      expect(told).toEqual(expect.arrayContaining(lost));
      expect(findingsOf(replica)[0]).toMatchObject({
        task: 'settle',
        outcome: 'missed',
        cause: 'no_majority',
        certain: false,
      });
      expect(replica.log()).not.toMatch(/was run by nobody/);
    }
    for (const master of stage.masters) master.resume();
    await stage.settled();
    await untilTime(Date.now() + SUMMED_UP_WITHIN_MS);
    for (const replica of stage.replicas)
      expect(replica.log().match(/Not run while no majority voted.*'settle'/g)).toHaveLength(1);
    const answer = await stage.replicas[0]?.get('/health/ready');
    expect(JSON.stringify(answer?.body)).toMatch(/"audit":\{"missed":[1-9]/);
    expect(JSON.stringify(answer?.body)).toContain('"status":"ok"');
  });

  it('is told as lost, once, when the winner is killed during its run', async () => {
    await open('700');
    const before = stage.record.last()?.tick ?? 0;
    const lines = await stage.record.until('a new run', (seen) => (seen.at(-1)?.tick ?? 0) > before);
    const start = lines.at(-1);
    await untilTime((start?.tick ?? 0) + 300);
    const winner = stage.replica(start?.replica);
    await winner.kill('SIGKILL');
    const others = stage.replicas.filter((replica) => replica !== winner);
    const told = (): readonly AuditFinding[] =>
      others.flatMap(findingsOf).filter(({ outcome }) => outcome === 'lost');
    await Promise.race(others.map((replica) => replica.until(() => told().length > 0)));
    await untilTime(Date.now() + 6 * SECOND_MS);
    expect(told().map(({ task, tick, cause }) => ({ task, tick, cause }))).toEqual([
      { task: 'settle', tick: start?.tick, cause: 'died' },
    ]);
    expect(others.flatMap(findingsOf).filter(({ outcome }) => outcome === 'missed')).toEqual([]);
  });

  it('is not told in a rolling deploy, nor when one replica stands still', async () => {
    await open('300');
    for (let deploy = 0; deploy < 2; deploy += 1) {
      const [old] = stage.replicas.filter(({ isAlive }) => isAlive);
      await stage.join();
      expect(await old?.kill('SIGTERM')).toBe(0);
    }
    const [still] = stage.replicas.filter(({ isAlive }) => isAlive);
    // Not in a run of its own, which would be lost with its lease.
    const before = stage.record.last()?.tick ?? 0;
    await stage.record.until('a run ends', (seen) => {
      const newest = seen.at(-1);
      return newest !== undefined && newest.phase === 'end' && newest.tick > before;
    });
    still?.pause();
    await untilTime(Date.now() + 5 * SECOND_MS);
    still?.resume();
    await untilTime(Date.now() + 8 * SECOND_MS);
    expect(stage.replicas.flatMap(findingsOf)).toEqual([]);
  });
});
