import { describe, expect, it } from 'vitest';
import { PERIOD_MS, type Telling } from './once-plan.js';
import { accountOfTicks, type TickAccount } from './tick-account.js';

const TICK = 20 * PERIOD_MS;
const WINDOW = { firstMs: TICK - PERIOD_MS / 2, lastMs: TICK };

function judged(told: readonly Omit<Telling, 'tick'>[], done: readonly number[] = []): TickAccount {
  const tellings = told.map((telling) => ({ tick: TICK, ...telling }));
  return accountOfTicks(new Set(done), tellings, WINDOW);
}

describe('the judge of ticks', () => {
  it('asks for no word about a tick whose effect was applied', () => {
    expect(judged([], [TICK])).toMatchObject({ ticks: 1, succeeded: 1, untold: [] });
  });

  it.each([
    ['a tick that nobody could start, and somebody says so', [{ what: 'taken' }, { what: 'audit: missed' }]],
    [
      'a tick that was begun and has failed',
      [{ what: 'started' }, { what: 'failed', code: 'DSCHED_TX_REFUSED' }],
    ],
    ['a tick whose instance has died', [{ what: 'started' }, { what: 'taken' }, { what: 'audit: lost' }]],
  ])('takes for told %s', (_, told) => {
    expect(judged(told)).toMatchObject({ succeeded: 0, untold: [] });
  });

  it.each([
    ['of which nobody says anything', []],
    ['that others say somebody has', [{ what: 'taken' }, { what: 'taken' }]],
    ['that was begun, where others only could not start it', [{ what: 'started' }, { what: 'overlap' }]],
    ['that says success without an effect', [{ what: 'started' }, { what: 'success' }]],
    [
      'that failed because another attempt was at its job',
      [{ what: 'started' }, { what: 'failed', code: 'DSCHED_JOB_PENDING' }],
    ],
  ])('takes for untold a tick %s', (_, told) => {
    expect(judged(told).untold).toHaveLength(1);
  });
});
