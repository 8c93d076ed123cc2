import { expect, it } from 'vitest';
import { MemoryNode } from '#src/memory/memory-node.js';
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

it('remembers what a step of the clock has cut short, also when a successor renews its own lock', () => {
  let nowMs = 1_000_000;
  const model = new MemoryNode({ wallMs: () => nowMs });
  const history = new History(
    () => nowMs,
    false,
    () => {},
  );
  const desk = new LockDesk(model, () => nowMs, history);
  model.locks.release('t0', 'first call: the quarantine begins');
  nowMs += TTL_MS + 1_000;
  const lock = (value: string, holder: string) => ({
    ...{ task: 't0', value, holder, isNamed: true, ttlMs: TTL_MS },
    deadlineMs: nowMs + 100,
  });
  desk.acquire(lock('v1', 'i1'));
  nowMs += 400;
  desk.clockStepped(400);
  nowMs += TTL_MS - 399;
  expect(desk.acquire(lock('v2', 'i2')).vote.kind).toBe('acquired');
  desk.extend(lock('v2', 'i2'));
  expect(desk.isCutShort('t0', TTL_MS)).toBe(true);
  nowMs += 400;
  expect(desk.isCutShort('t0', TTL_MS)).toBe(false);
  expect(history.violations).toEqual([]);
});
