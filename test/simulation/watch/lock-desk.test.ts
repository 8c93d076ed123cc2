import { expect, it } from 'vitest';
import { MemoryNode } from '../../../libs/distributed-schedule/src/memory/memory-node.js';
import { History } from './history.js';
import { LockDesk } from './lock-desk.js';

const TTL_MS = 3_000;

it('does not count a lock out of an old file as open to others, unless its owner may still win with it', () => {
  let nowMs = 1_000_000;
  const model = new MemoryNode({ wallMs: () => nowMs });
  const history = new History(
    () => nowMs,
    false,
    () => {},
  );
  const desk = new LockDesk(model, () => nowMs, history);
  model.locks.release('t0', 'first call: the quarantine begins');
  nowMs += TTL_MS;
  desk.acquire({ task: 't0', value: 'v', holder: 'i1', isNamed: true, ttlMs: TTL_MS, deadlineMs: nowMs });
  const isOpen = (isInFlight: boolean): boolean =>
    desk.isOpenToOthers({ task: 't0', holder: 'i2', ttlMs: TTL_MS, isInFlight: () => isInFlight });
  expect([isOpen(true), isOpen(false)]).toEqual([true, true]);

  nowMs += 10;
  const [memory, locks] = [model.snapshot(), desk.snapshot()];
  model.restartFrom(memory);
  desk.memoryLost(locks);
  expect([isOpen(true), isOpen(false)]).toEqual([true, false]);

  nowMs += TTL_MS + 1;
  expect([isOpen(true), isOpen(false)]).toEqual([true, true]);
  expect(history.violations).toEqual([]);
});
