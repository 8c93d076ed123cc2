import { setImmediate as nextTurn } from 'node:timers/promises';
import { currentTick, LeaseLostError, type TickContext, tryCurrentTick } from 'nestjs-distributed-schedule';
import { createTickContext, runInTick } from 'nestjs-distributed-schedule/testing';
import { describe, expect, it } from 'vitest';

describe('createTickContext', () => {
  it('is a full context, with token and key as in production', () => {
    const first: TickContext = createTickContext({ task: 'settle', tick: 5_000 });
    expect(first).toMatchObject({
      task: 'settle',
      tick: 5_000,
      attempt: 1,
      fencingToken: 5_000,
      payload: undefined,
    });
    expect(first.idempotencyKey).toMatch(/^[0-9a-f]{32}$/);
    expect(first.remainingMs()).toBe(3_000);
    expect(() => first.assertHeld()).not.toThrow();
    const again = createTickContext({ task: 'settle', tick: 5_000, attempt: 2 });
    expect(again.fencingToken).toBe(5_001);
    expect(again.idempotencyKey).toBe(first.idempotencyKey);
    expect(again.claimId).not.toBe(first.claimId);
  });

  it('takes every field, and no other', () => {
    const given = {
      task: 'a',
      tick: 1,
      fencingToken: 2,
      claimId: 'c',
      idempotencyKey: 'k',
      attempt: 3,
      instanceId: 'i',
      payload: { p: 1 },
    };
    expect(createTickContext(given)).toMatchObject(given);
    expect(() => createTickContext({ fencing: 2 } as never)).toThrow(
      'DSCHED_UNKNOWN_OPTION: createTickContext has no',
    );
  });

  it('aborts while the lease stays good', () => {
    const tick = createTickContext();
    tick.abort(new Error('shutdown'));
    expect(tick.signal.aborted).toBe(true);
    expect(tick.signal.reason).toMatchObject({ message: 'shutdown' });
    expect(() => tick.assertHeld()).not.toThrow();
  });

  it('loses its lease, with the signal, the time and assertHeld', () => {
    const tick = createTickContext({ task: 'settle' });
    tick.loseLease('the nodes are gone');
    expect(tick.remainingMs()).toBe(0);
    expect(tick.signal.reason).toBeInstanceOf(LeaseLostError);
    expect(() => tick.assertHeld()).toThrow(/DSCHED_LEASE_LOST.*the nodes are gone/);
    expect(createTickContext({ remainingMs: 0 }).signal.aborted).toBe(true);
  });

  it('has as much lease time as it is told', () => {
    const tick = createTickContext({ remainingMs: 50 });
    expect(tick.remainingMs()).toBe(50);
    tick.setRemainingMs(10);
    expect(tick.remainingMs()).toBe(10);
    tick.setRemainingMs(0);
    expect(() => tick.assertHeld()).toThrow(LeaseLostError);
  });

  it('follows a signal from outside', () => {
    const outside = new AbortController();
    const tick = createTickContext({ signal: outside.signal });
    outside.abort('enough');
    expect(tick.signal.reason).toBe('enough');
    expect(createTickContext({ signal: AbortSignal.abort('before') }).signal.reason).toBe('before');
  });
});

describe('runInTick', () => {
  it('makes the context the current one, deep inside, and nowhere else', async () => {
    const tick = createTickContext();
    const found = await runInTick(tick, async () => {
      await nextTurn();
      return currentTick();
    });
    expect(found).toBe(tick);
    expect(tryCurrentTick()).toBeUndefined();
  });

  it('returns what the function returns', () => {
    const length: number = runInTick(createTickContext(), () => 'four'.length);
    expect(length).toBe(4);
  });
});
