import { type ScheduleEvent } from 'nestjs-distributed-schedule';
import { beforeEach, describe, expect, it } from 'vitest';
import { type LogStage, logStage, quorum, TICK } from './log-stage.js';

let logs: LogStage['logs'];
let clock: LogStage['clock'];
let observer: LogStage['observer'];

beforeEach(() => {
  ({ logs, clock, observer } = logStage());
});

describe('an outage of the store', () => {
  const missed = (
    task: string,
    at: number,
    cause: 'no_majority' | 'unclaimed' = 'no_majority',
  ): ScheduleEvent => ({
    type: 'audit',
    finding: {
      ...{ task, tick: at, ticks: 1, outcome: 'missed', cause, certain: false, instanceId: 'one' },
      detail: 'no majority of nodes answered this instance',
    },
  });
  const notRun = (task: string, at: number, detail = 'no bid was answered'): ScheduleEvent => ({
    type: 'tick',
    report: { task, tick: at, outcome: 'no_quorum', instanceId: 'one', detail },
  });

  it('is followed by one line that says what did not run, and the same ticks are not told again', async () => {
    observer.observe(quorum(true));
    observer.observe(quorum(false));
    for (let second = 0; second < 90; second += 1) {
      observer.observe(notRun('settle', TICK + second * 1_000));
      if (second % 5 === 0) observer.observe(notRun('report', TICK + second * 1_000));
      if (second >= 4) observer.observe(missed('settle', TICK + (second - 4) * 1_000));
      await clock.advance(1_000);
    }
    observer.observe(quorum(true));
    // Granted again a little later, and heard of by the audit later still.
    observer.observe(notRun('settle', TICK + 90_000, 'claim: node 1: quarantined'));
    for (let second = 86; second <= 90; second += 1)
      observer.observe(missed('settle', TICK + second * 1_000));
    observer.observe(missed('elsewhere', TICK + 80_000));
    expect(logs.ours('warn')).toEqual([]);
    await clock.advance(5_000);
    const told = [
      "Not run while no majority voted, as far as this instance knows: 91 ticks of 'settle', 18 of 'report', 1 of 'elsewhere'.",
    ];
    expect(logs.ours('warn')).toEqual(told);
    observer.observe(missed('report', TICK + 85_000));
    await clock.advance(120_000);
    expect(logs.ours('warn')).toEqual(told);
    observer.observe(missed('report', TICK + 200_000));
    expect(logs.ours('warn')).toHaveLength(2);
  });

  it('leaves what has another cause to its own line', () => {
    observer.observe(quorum(false));
    observer.observe(missed('settle', TICK, 'unclaimed'));
    expect(logs.ours('warn')).toHaveLength(1);
  });

  it('that comes and goes is summed up once a minute, and a long one at once', async () => {
    observer.observe(quorum(true));
    let newest = TICK;
    const outage = async (forMs: number): Promise<void> => {
      observer.observe(quorum(false));
      newest += 1_000;
      observer.observe(notRun('settle', newest));
      await clock.advance(forMs);
      observer.observe(quorum(true));
      await clock.advance(5_000);
    };
    for (let count = 0; count < 5; count += 1) await outage(1_000);
    expect(logs.ours('warn')).toHaveLength(1);
    await outage(12_000);
    expect(logs.ours('warn')).toHaveLength(2);
    expect(logs.ours('warn')[1]).toContain("5 ticks of 'settle'");
  });

  it('ends without a line where nothing was due', async () => {
    observer.observe(quorum(false));
    await clock.advance(60_000);
    observer.observe(quorum(true));
    await clock.advance(60_000);
    expect(logs.lines).toEqual([]);
  });
});
