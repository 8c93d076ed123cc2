import { describe, expect, it } from 'vitest';
import type { FailureCode } from '#src/redis/connection/failure-code.js';
import {
  QUICK_TRIES,
  type ReconnectCause,
  reconnectCauseOf,
  reconnectDelayMs,
} from '#src/redis/connection/reconnect-delay.js';

const CAUSES: readonly ReconnectCause[] = ['unreachable', 'mute', 'refused'];

describe('the delay before the next try', () => {
  it.each<readonly [ReconnectCause, number, number, number]>([
    ['unreachable', 0, 0, 20],
    ['unreachable', 4, 0.999, 20],
    ['unreachable', 5, 0, 100],
    ['unreachable', 35, 0, 100],
    ['unreachable', 36, 0, 200],
    ['unreachable', 38, 0, 800],
    ['unreachable', 39, 0, 1_000],
    ['unreachable', 39, 0.5, 1_050],
    ['unreachable', 1_000_000, 0, 1_000],
    ['mute', 4, 0, 20],
    ['mute', 5, 0, 100],
    ['mute', 36, 0, 200],
    ['mute', 41, 0, 5_000],
    ['mute', Number.MAX_SAFE_INTEGER, 0.5, 5_250],
    ['refused', 4, 0.5, 20],
    ['refused', 5, 0, 100],
    ['refused', 6, 0, 200],
    ['refused', 10, 0, 3_200],
    ['refused', 11, 0, 5_000],
    ['refused', 5_000, 0.5, 5_250],
  ])('of %s after %i tries in vain, at random %f, is %f ms', (cause, tries, random, ms) => {
    expect(reconnectDelayMs(cause, tries, random)).toBeCloseTo(ms, 6);
  });

  it.each(CAUSES)('of %s is quick five times, and never shrinks', (cause) => {
    const delays = Array.from({ length: 100 }, (_, tries) => reconnectDelayMs(cause, tries, 0));
    expect(delays.slice(0, QUICK_TRIES)).toEqual([20, 20, 20, 20, 20]);
    expect(delays).toEqual([...delays].sort((one, other) => one - other));
  });

  it.each(CAUSES.flatMap((cause) => [1, 2, 4, 7].map((connections) => [cause, connections] as const)))(
    'of %s is long enough within ten seconds for a connection a second, with %i per try',
    (cause, connections) => {
      let elapsedMs = 0;
      let tries = 0;
      for (; elapsedMs < 10_000; tries += 1) elapsedMs += reconnectDelayMs(cause, tries, 0, connections);
      expect(reconnectDelayMs(cause, tries, 0, connections)).toBeGreaterThanOrEqual(1_000 * connections);
    },
  );

  it('lets tries of many instances drift apart, by a tenth at most and never the shorter way', () => {
    const [least, most] = [0, 1 - Number.EPSILON].map((random) => reconnectDelayMs('refused', 20, random));
    expect(least).toBe(5_000);
    expect(most).toBeGreaterThan(5_400);
    expect(most).toBeLessThanOrEqual(5_500);
  });
});

describe('the cause', () => {
  it.each<readonly [FailureCode, ReconnectCause]>([
    ['ECONNREFUSED', 'unreachable'],
    ['ENOTFOUND', 'unreachable'],
    ['ETIMEDOUT', 'unreachable'],
    ['EHOSTUNREACH', 'unreachable'],
    ['TIMED_OUT', 'unreachable'],
    ['MAXCLIENTS', 'unreachable'],
    ['LOADING', 'unreachable'],
    ['ECONNRESET', 'mute'],
    ['EPIPE', 'mute'],
    ['WRONGPASS', 'refused'],
    ['NOAUTH', 'refused'],
    ['NOPERM', 'refused'],
    ['NOPROTO', 'refused'],
    ['READONLY', 'refused'],
    ['NOT_REDIS', 'refused'],
    ['EPROTO', 'refused'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'refused'],
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'refused'],
    ['ERR_SSL_WRONG_VERSION_NUMBER', 'refused'],
    ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'refused'],
  ])('of %s is %s', (code, cause) => {
    expect(reconnectCauseOf(code)).toBe(cause);
  });
});
