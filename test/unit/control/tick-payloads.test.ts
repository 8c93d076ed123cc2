import { expect, it } from 'vitest';
import { payloadsOf } from '#src/control/decided-task.js';

it('hands each attempt a payload of its own: what a handler changes in it is gone with that attempt', () => {
  const { payloadOf } = payloadsOf({ count: 0 }, [
    { tick: 5_000, payload: { count: 7 } },
    { tick: 6_000, payload: null },
    { tick: 7_000 },
  ]);
  for (const tick of [5_000, 5_000, 4_000, 4_000]) {
    const payload = payloadOf?.(tick) as { count: number };
    expect(payload).toEqual({ count: tick === 5_000 ? 7 : 0 });
    payload.count += 1;
  }
  expect(payloadOf?.(6_000)).toBeNull();
  expect(payloadOf?.(7_000)).toEqual({ count: 0 });
  expect(payloadsOf(undefined, [])).toEqual({});
});
