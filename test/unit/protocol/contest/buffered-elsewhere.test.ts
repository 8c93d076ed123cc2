import { describe, expect, it } from 'vitest';
import { PERIOD_MS, START_MS, Stage } from '../audit/lost-runs-stage.js';

/** A run of the first tick goes on, and the next one stands in line behind it: it can be started by nobody else any more. */
async function inLine(): Promise<{
  readonly stage: Stage;
  readonly holder: string;
  readonly waiting: number;
}> {
  const stage = new Stage();
  stage.joinAll(stage.endless({ overlap: 'buffer_one' }));
  const holder = await stage.untilOneRuns();
  await stage.advance(PERIOD_MS + 5_000);
  return { stage, holder, waiting: START_MS + 2 * PERIOD_MS };
}

describe('a tick that stands in line behind a run on another instance', () => {
  it('is told as missed, with doubt, when that instance is killed', async () => {
    const { stage, holder, waiting } = await inLine();
    expect(stage.told).toEqual([]);
    stage.kill(holder);
    await stage.advance(9_000);
    const missed = stage.told.map(({ finding }) => finding).filter(({ outcome }) => outcome === 'missed');
    expect(missed).toMatchObject([{ tick: waiting, cause: 'dead_holder', certain: false }]);
    expect(missed[0]?.detail).toContain(`it waited for the end of a run of ${holder}`);
    expect(stage.lost).toEqual([START_MS + PERIOD_MS]);
  });

  it('is told also where others claim the next tick before they know that the instance is gone', async () => {
    const { stage, holder, waiting } = await inLine();
    await stage.advance(PERIOD_MS - 5_200);
    stage.kill(holder);
    await stage.advance(12_000);
    expect(stage.running.size).toBe(2);
    const missed = stage.told.map(({ finding }) => finding).filter(({ outcome }) => outcome === 'missed');
    expect(missed.map(({ tick }) => tick)).toEqual([waiting]);
  });

  it.each(Array.from({ length: 12 }, (_, step) => 450 + 180 * step))(
    'is told, of a period of a second, when that instance is killed %d ms after it was due',
    async (afterMs) => {
      const stage = new Stage();
      stage.joinAll(stage.endless({ overlap: 'buffer_one' }, 1_000));
      // Ticks are watched from the sixth second on. The first run ends, and the one that stood in line behind it.
      await stage.advance(8_000);
      for (let runs = 0; runs < 2; runs += 1) await stage.end(await stage.untilOneRuns());
      const holder = await stage.untilOneRuns();
      const sinceMs = (): number => stage.cluster.clock.wallMs() % 1_000;
      const waiting = stage.cluster.clock.wallMs() - sinceMs() + 1_000;
      await stage.advance(1_000 - sinceMs() + afterMs);
      stage.kill(holder);
      await stage.advance(12_000);
      const missed = stage.told.filter(
        ({ finding }) => finding.outcome === 'missed' && finding.tick === waiting,
      );
      expect(missed).toHaveLength(1);
    },
  );

  it('is no alarm while the run goes on, nor when it has ended and the tick runs', async () => {
    const { stage, holder } = await inLine();
    await stage.advance(60_000);
    await stage.end(holder);
    await stage.advance(20_000);
    expect(stage.told.filter(({ finding }) => finding.outcome !== 'stuck')).toEqual([]);
  });

  it('is no alarm when the instance that ran it is killed long after it has ended', async () => {
    const { stage, holder } = await inLine();
    await stage.end(holder);
    await stage.end(holder);
    await stage.advance(6_500);
    const runsOn = [...stage.running.keys()];
    stage.kill(holder);
    await stage.advance(8_000);
    const missed = stage.told.filter(({ finding }) => finding.outcome === 'missed');
    expect([missed, runsOn.length]).toEqual([[], runsOn.length]);
  });
});
