import { describe, expect, it } from 'vitest';
import { PRESENCE_GRACE_MS } from '#src/protocol/contract/constants.js';
import { Lease } from '#src/protocol/lease/lease.js';
import { readClocks } from '#src/protocol/time/clock-reading.js';
import { extended, setUp, silent, TTL_MS } from './keep-lease-stage.js';

describe('keeping a lease', () => {
  describe('after a node has lost sight of the holder', () => {
    it('renews at once, and trusts on when that succeeds', async () => {
      const { clock, attempts, keeper, lease, end } = setUp(extended);
      await clock.advance(300);
      keeper.lostSight(undefined);
      expect(lease.remainingMs()).toBeLessThanOrEqual(100);
      await clock.advance(1);
      expect(attempts).toEqual([300]);
      expect(lease.remainingMs()).toBeGreaterThan(2_900);
      end();
    });

    it('stops trusting before the store can give the lock to somebody else', async () => {
      const { clock, events, keeper, lease, end } = setUp(silent);
      await clock.advance(300);
      keeper.lostSight(undefined);
      await clock.advance(99);
      expect(lease.signal.aborted).toBe(false);
      await clock.advance(PRESENCE_GRACE_MS - 99);
      expect(lease.signal.aborted).toBe(true);
      expect(events).toMatchObject([{ type: 'lease_lost', task: 'settle', tick: 1_000 }]);
      end();
    });

    it('trusts on, and renews all the same, where the others that have granted the lock are a majority', async () => {
      const grants = { by: new Set(['a', 'b', 'c']), of: 3 };
      const { clock, attempts, keeper, lease, end } = setUp((attempt) =>
        attempt > 1 ? silent() : Promise.resolve({ kind: 'extended', grants }),
      );
      await clock.advance(1_100);
      keeper.lostSight('b');
      await clock.advance(2 * PRESENCE_GRACE_MS);
      expect(lease.isTrusted()).toBe(true);
      expect(attempts.length).toBeGreaterThan(1);
      keeper.lostSight('c');
      expect(lease.isDoubted).toBe(true);
      await clock.advance(PRESENCE_GRACE_MS);
      expect(lease.signal.aborted).toBe(true);
      end();
    });

    it('does not count a renewal that was under way before', async () => {
      const { clock, attempts, keeper, lease, end } = setUp(async (attempt, at) => {
        if (attempt > 1) return silent();
        await at.sleepUntil(at.monotonicMs() + 50);
        return extended();
      });
      await clock.advance(1_010);
      keeper.lostSight(undefined);
      await clock.advance(60);
      expect(attempts.length).toBeGreaterThan(1);
      expect(lease.isTrusted()).toBe(true);
      await clock.advance(50);
      expect(lease.signal.aborted).toBe(true);
      end();
    });

    it('wants a renewal of its own for a loss that comes during the renewal for another', async () => {
      const { clock, keeper, lease, end } = setUp(async (attempt, at) => {
        if (attempt > 1) return silent();
        await at.sleepUntil(at.monotonicMs() + 10);
        return extended();
      });
      await clock.advance(300);
      keeper.lostSight(undefined);
      await clock.advance(5);
      keeper.lostSight(undefined);
      await clock.advance(10);
      expect(lease.isDoubted).toBe(true);
      await clock.advance(100);
      expect(lease.isTrusted()).toBe(false);
      end();
    });

    it('tries again and again while trust is doubted', async () => {
      const { clock, attempts, keeper, lease, end } = setUp((attempt) =>
        attempt < 4 ? silent() : extended(),
      );
      await clock.advance(300);
      keeper.lostSight(undefined);
      await clock.advance(70);
      expect(attempts).toEqual([300, 320, 340, 360]);
      expect(lease.isDoubted).toBe(false);
      end();
    });

    it('does not let a later loss prolong the doubt of an earlier one', async () => {
      const { clock, keeper, lease, end } = setUp(silent);
      await clock.advance(300);
      keeper.lostSight(undefined);
      await clock.advance(60);
      keeper.lostSight(undefined);
      await clock.advance(41);
      expect(lease.isTrusted()).toBe(false);
      end();
    });

    it('tells a lease of a loss that came between its lock and its run, but not of one before', async () => {
      const { clock, keeper, end } = setUp(silent);
      keeper.lostSight(undefined);
      await clock.advance(500);
      const terms = { ttlMs: TTL_MS, driftFactor: 0.01 };
      const older = new Lease({ task: 'other', value: 'v' }, 1_000, clock, terms, readClocks(clock));
      keeper.doubtIfPresenceLost(older);
      expect(older.isDoubted).toBe(false);
      await clock.advance(10);
      keeper.lostSight(undefined);
      keeper.doubtIfPresenceLost(older);
      expect(older.isDoubted).toBe(true);
      end();
    });
  });
});
