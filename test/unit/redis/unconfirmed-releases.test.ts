import { beforeEach, describe, expect, it } from 'vitest';
import type { ScriptReply } from '../../../libs/distributed-schedule/src/redis/script-channel.js';
import {
  MOST_UNCONFIRMED,
  type ReleasedLock,
  UnconfirmedReleases,
} from '../../../libs/distributed-schedule/src/redis/unconfirmed-releases.js';

const TTL_MS = 3_000;
const ANSWERED: ScriptReply = { answered: true, value: [], nodeTimeMs: 1 };
const SILENT: ScriptReply = { answered: false, reason: 'not connected' };

let nowMs: number;
let reply: () => ScriptReply | Promise<ScriptReply>;
let messages: (readonly string[])[];
let releases: UnconfirmedReleases;

beforeEach(() => {
  nowMs = 1_000;
  reply = () => ANSWERED;
  messages = [];
  releases = new UnconfirmedReleases({ monotonicMs: () => nowMs }, async (locks) => {
    messages.push(locks.map(({ value }) => value));
    return reply();
  });
});

const lock = (value: string): ReleasedLock => ({ key: `key of ${value}`, value });

describe('releases that a node has not acknowledged', () => {
  it('go out as one message when it is back, and only once', async () => {
    releases.add([lock('a'), lock('b')], TTL_MS);
    releases.add([lock('c'), lock('a')], TTL_MS);
    await releases.resend();
    await releases.resend();
    expect(messages).toEqual([['b', 'c', 'a']]);
  });

  it('stay until the node has answered', async () => {
    releases.add([lock('a')], TTL_MS);
    reply = () => SILENT;
    await releases.resend();
    reply = () => ANSWERED;
    await releases.resend();
    expect(messages).toEqual([['a'], ['a']]);
  });

  it('are forgotten when the locks are gone by themselves', async () => {
    releases.add([lock('old')], TTL_MS);
    nowMs += TTL_MS - 1;
    releases.add([lock('new')], TTL_MS);
    nowMs += 1;
    await releases.resend();
    nowMs += TTL_MS;
    releases.add([lock('newest')], TTL_MS);
    nowMs += TTL_MS;
    await releases.resend();
    expect(messages).toEqual([['new']]);
  });

  it('are bounded: the oldest are forgotten', async () => {
    const values = Array.from({ length: MOST_UNCONFIRMED + 2 }, (_, index) => String(index));
    releases.add([lock('first')], TTL_MS);
    releases.add(values.map(lock), TTL_MS);
    await releases.resend();
    expect(messages).toEqual([values.slice(2)]);
  });

  it('wait for the message under way, and what came meanwhile is kept', async () => {
    let answer: (reply: ScriptReply) => void = () => {};
    reply = () =>
      new Promise((resolve) => {
        answer = resolve;
      });
    releases.add([lock('a')], TTL_MS);
    const underWay = releases.resend();
    releases.add([lock('b')], TTL_MS);
    await releases.resend();
    expect(messages).toEqual([['a']]);
    answer(ANSWERED);
    await underWay;
    reply = () => ANSWERED;
    await releases.resend();
    expect(messages).toEqual([['a'], ['b']]);
  });
});
