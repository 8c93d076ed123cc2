import { beforeEach, describe, expect, it } from 'vitest';
import type { FailureCode } from '#src/redis/connection/failure-code.js';
import { VainTries } from '#src/redis/connection/vain-tries.js';

let tries: VainTries;
let nowMs: number;

beforeEach(() => {
  tries = new VainTries();
  nowMs = 50_000;
});

/** A connection that stands, is of use where `usefulMs` says so, and ends. */
function connection(usefulMs?: number, code?: FailureCode): void {
  tries.connected();
  if (code !== undefined) tries.note(code);
  if (usefulMs !== undefined) {
    tries.succeeded(nowMs);
    nowMs += usefulMs;
    tries.succeeded(nowMs);
  }
  tries.ended(nowMs);
}

function nobodyThere(): void {
  tries.note('ECONNREFUSED');
  tries.ended(nowMs);
}

const times = (count: number, act: () => void): void => {
  for (let time = 0; time < count; time += 1) act();
};

describe('tries in vain', () => {
  it('are counted until a connection has been of use for two seconds', () => {
    times(12, () => connection(undefined, 'WRONGPASS'));
    expect([tries.count, tries.delayMs(0, 1)]).toEqual([12, 5_000]);
    connection(1_999);
    expect(tries.count).toBe(13);
    connection(2_000);
    expect([tries.count, tries.delayMs(0, 1)]).toEqual([0, 20]);
  });

  it('are over where the connection did what it is for, and was ended by ourselves', () => {
    times(40, () => connection(undefined, 'ECONNREFUSED'));
    tries.connected();
    tries.leave();
    tries.ended(nowMs);
    expect(tries.count, 'it was of no use').toBe(41);
    tries.connected();
    tries.succeeded(nowMs);
    tries.leave();
    tries.ended(nowMs);
    expect([tries.count, tries.delayMs(0, 1)]).toEqual([0, 20]);
    connection(100);
    expect(tries.count, 'the next one counts again').toBe(1);
  });

  it('do not flap where no connection was of use', () => {
    times(50, () => connection(undefined, 'ECONNREFUSED'));
    tries.connected();
    tries.succeeded(nowMs);
    expect(tries.isFlapping(nowMs)).toBe(false);
  });

  it('flap from the sixth on, until a connection lasts', () => {
    times(5, () => connection(100));
    expect(tries.isFlapping(nowMs)).toBe(false);
    connection(100);
    expect(tries.isFlapping(nowMs)).toBe(true);
    tries.connected();
    tries.succeeded(nowMs);
    expect(tries.isFlapping(nowMs + 1_999)).toBe(true);
    expect(tries.isFlapping(nowMs + 2_000)).toBe(false);
  });
});

describe('the cause of the delay', () => {
  const delayOf = (act: () => void): number => {
    times(100, act);
    return tries.delayMs(0, 1);
  };

  it('is the newest reason', () => {
    expect(delayOf(() => connection(undefined, 'WRONGPASS'))).toBe(5_000);
    expect(delayOf(() => nobodyThere())).toBe(1_000);
  });

  it('stays a refusal where the server only hangs up at the next try, before it has said why', () => {
    times(12, () => connection(undefined, 'ERR_SSL_TLSV13_ALERT_CERTIFICATE_REQUIRED'));
    for (const code of ['ECONNRESET', 'TIMED_OUT', undefined] as const) {
      connection(undefined, code);
      expect(tries.delayMs(0, 1)).toBe(5_000);
    }
    nobodyThere();
    connection(undefined, 'ECONNRESET');
    expect(tries.delayMs(0, 1), 'it was restarted, and may take us now').toBe(100);
  });

  it('is the clear word, not what the end of the socket says after it', () => {
    expect(
      delayOf(() => {
        tries.note('TIMED_OUT');
        tries.note('ECONNRESET');
        tries.ended(nowMs);
      }),
    ).toBe(1_000);
  });

  it('is a refusal, whatever else is said of the same attempt', () => {
    expect(
      delayOf(() => {
        const said = ['ECONNRESET', 'WRONGPASS', 'TIMED_OUT', 'NOT_CONNECTED'] as const;
        for (const code of said) tries.note(code);
        tries.ended(nowMs);
      }),
    ).toBe(5_000);
  });

  it('is the hanging up of a connection that stood and ended without a word', () => {
    expect(delayOf(() => connection())).toBe(5_000);
  });

  it('is nothing to be refused for where a connection that was of use has ended', () => {
    expect(delayOf(() => connection(100))).toBe(1_000);
  });
});
