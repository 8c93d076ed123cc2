import { beforeEach, describe, expect, it } from 'vitest';
import { Silence } from '#src/redis/connection/silence.js';

const TIMEOUT_MS = 120;
let silence: Silence;

beforeEach(() => {
  silence = new Silence();
});

/** A call that was sent at `sentMs` is given up. */
const givenUp = (sentMs: number): boolean => silence.timedOut(sentMs, sentMs + TIMEOUT_MS);

describe('a node that answers nothing', () => {
  it('is silent after two timeouts in a row', () => {
    expect(givenUp(0)).toBe(false);
    expect(givenUp(200)).toBe(true);
  });

  it('is silent after two calls at one time', () => {
    expect([givenUp(0), givenUp(0)]).toEqual([false, true]);
  });

  it('is given two timeouts again on its next connection', () => {
    expect([givenUp(0), givenUp(200), givenUp(400), givenUp(600)]).toEqual([false, true, false, true]);
  });

  it('is silent although it was slow before, after twice its last delay', () => {
    silence.heardLate(300, 1_000);
    expect(givenUp(1_000)).toBe(false);
    expect(givenUp(1_200)).toBe(false);
    expect(givenUp(1_400)).toBe(false);
    expect(givenUp(1_600)).toBe(true);
  });
});

describe('a node that answers late', () => {
  it('is not silent while its replies keep coming', () => {
    for (let sentMs = 0; sentMs < 60_000; sentMs += 150) {
      expect(givenUp(sentMs)).toBe(false);
      silence.heardLate(180, sentMs + 180);
    }
  });

  it('is not silent either when several calls are late together', () => {
    silence.heardLate(180, 0);
    expect([givenUp(100), givenUp(100), givenUp(100)]).toEqual([false, false, false]);
    silence.heardLate(180, 280);
    expect([givenUp(300), givenUp(300)]).toEqual([false, false]);
  });

  it('counts as quick again after ten seconds without a late reply', () => {
    silence.heardLate(500, 0);
    expect([givenUp(10_000), givenUp(10_000)]).toEqual([false, true]);
  });
});

it('a reply between two timeouts begins the count anew', () => {
  expect(givenUp(0)).toBe(false);
  silence.heard();
  expect(givenUp(200)).toBe(false);
  expect(givenUp(400)).toBe(true);
});
