import { expect, it } from 'vitest';
import { CallPatience } from '#src/protocol/time/call-patience.js';

const LEAST_MS = 120;
const MOST_MS = 360;

/** Of three nodes, each of which has answered so often and so late. */
function after(...tookMs: readonly number[]): CallPatience {
  const patience = new CallPatience(3, { leastMs: LEAST_MS, mostMs: MOST_MS });
  for (let answer = 0; answer < 30; answer += 1)
    for (const [node, ms] of tookMs.entries()) if (ms > 0) patience.answered(node, ms);
  return patience;
}

it('waits for nodes that answer fast as long as the option says', () => {
  expect(new CallPatience(3, { leastMs: LEAST_MS, mostMs: MOST_MS }).timeoutMs).toBe(LEAST_MS);
  expect(after(1, 2, 3).timeoutMs).toBe(LEAST_MS);
});

it('waits longer where a majority answers late, and no longer than it may', () => {
  const { timeoutMs } = after(1, 200, 200);
  expect(timeoutMs).toBeGreaterThanOrEqual(200);
  expect(timeoutMs).toBeLessThan(220);
  expect(after(900, 900, 900).timeoutMs).toBe(MOST_MS);
});

it('does not wait for one node that is slower than the others, nor for such that never answer', () => {
  expect(after(1, 1, 300).timeoutMs).toBe(LEAST_MS);
  expect(after(1, 0, 0).timeoutMs).toBe(LEAST_MS);
});

it('leaves room for answers that vary', () => {
  const patience = new CallPatience(1, { leastMs: LEAST_MS, mostMs: 1_000 });
  for (let answer = 0; answer < 40; answer += 1) patience.answered(0, answer % 2 === 0 ? 100 : 200);
  expect(patience.timeoutMs).toBeGreaterThan(250);
});

it('is back at the option soon after answers are fast again', () => {
  const patience = after(250, 250, 250);
  for (let answer = 0; answer < 30; answer += 1) for (const node of [0, 1, 2]) patience.answered(node, 2);
  expect(patience.timeoutMs).toBe(LEAST_MS);
});

it('has a bound of at least what the option says', () => {
  expect(new CallPatience(1, { leastMs: LEAST_MS, mostMs: 50 }).timeoutMs).toBe(LEAST_MS);
});
