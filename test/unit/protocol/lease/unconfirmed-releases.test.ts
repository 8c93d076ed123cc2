import { beforeEach, describe, expect, it } from 'vitest';
import { MARGIN_MS } from '#src/protocol/contract/constants.js';
import type { NodeReply } from '#src/protocol/contract/ports.js';
import {
  MAX_UNCONFIRMED,
  type ReleasedLock,
  UnconfirmedReleases,
} from '#src/protocol/lease/unconfirmed-releases.js';

const TTL_MS = 3_000;
/** A lock may be set for so long after its release was kept. */
const UNDERWAY_MS = 2_000;
const SILENT: NodeReply<unknown> = { answered: false, reason: 'not connected' };

let nowMs: number;
let nodeTimeMs: number;
let reply: () => NodeReply<unknown> | Promise<NodeReply<unknown>>;
let messages: (readonly string[])[];
let releases: UnconfirmedReleases<ReleasedLock>;

const answer = (): NodeReply<unknown> => ({ answered: true, value: [], nodeTimeMs });
const lock = (value: string): ReleasedLock => ({ value });

beforeEach(() => {
  nowMs = 1_000;
  nodeTimeMs = 50_000;
  reply = answer;
  messages = [];
  releases = new UnconfirmedReleases({
    clock: { monotonicMs: () => nowMs },
    send: async (locks) => {
      messages.push(locks.map(({ value }) => value));
      return reply();
    },
  });
});

/** The node does not hear them. */
async function keep(...values: readonly string[]): Promise<void> {
  reply = () => SILENT;
  await releases.release(values.map(lock), TTL_MS);
  reply = answer;
  messages = [];
}

describe('releases that a node has not answered', () => {
  it('go out as one message when it is back, and only once', async () => {
    await keep('a', 'b');
    await keep('c', 'a');
    await releases.resend();
    await releases.resend();
    expect(messages).toEqual([['b', 'c', 'a']]);
  });

  it('stay until the node has answered', async () => {
    await keep('a');
    reply = () => SILENT;
    await releases.resend();
    reply = answer;
    await releases.resend();
    expect(messages).toEqual([['a'], ['a']]);
  });

  it('are forgotten when the locks are gone by themselves, and so is what may have set them', async () => {
    releases.sent(['old', 'new'], 0, TTL_MS);
    await keep('old');
    nowMs += TTL_MS + UNDERWAY_MS - 1;
    await keep('new');
    nowMs += 1;
    await releases.resend();
    expect(messages).toEqual([['new']]);
    nowMs += TTL_MS + UNDERWAY_MS;
    await releases.resend();
    expect(messages).toEqual([['new']]);
    expect(releases.size).toBe(0);
  });

  it('of an instance that only renews do not gather what a dead node never answers', () => {
    for (let renewal = 0; renewal < 100; renewal += 1) {
      releases.sent(['a'], 0, TTL_MS);
      nowMs += 1_000;
    }
    expect(releases.size).toBeLessThanOrEqual((TTL_MS + UNDERWAY_MS) / 1_000 + 1);
  });

  it('are bounded: the oldest are forgotten', async () => {
    const values = Array.from({ length: MAX_UNCONFIRMED + 2 }, (_, index) => String(index));
    await keep('first');
    await keep(...values);
    await releases.resend();
    expect(messages).toEqual([values.slice(2)]);
  });

  it('wait for the message under way, and what came meanwhile is kept', async () => {
    await keep('a');
    let settle: (reply: NodeReply<unknown>) => void = () => {};
    reply = () =>
      new Promise((resolve) => {
        settle = resolve;
      });
    const underWay = releases.resend();
    const settleFirst = settle;
    await keep('b');
    await releases.resend();
    expect(messages).toEqual([]);
    settleFirst(answer());
    await underWay;
    await releases.resend();
    expect(messages).toEqual([['b']]);
  });
});

describe('the release of a lock that a message without an answer may still set', () => {
  it('is kept whatever the node says, and sent again after the deadline of that message and its margin', async () => {
    releases.sent(['a'], nodeTimeMs + 120, TTL_MS);
    await releases.release([lock('a')], TTL_MS);
    await releases.resend();
    expect(messages).toHaveLength(1);

    const pass = async (ms: number): Promise<void> => {
      nowMs += ms;
      nodeTimeMs += ms;
      await releases.resend();
    };
    await pass(120);
    expect(messages).toHaveLength(1);
    await pass(1);
    expect(messages).toHaveLength(2);
    await pass(MARGIN_MS - 1);
    expect(messages).toHaveLength(2);
    await pass(1);
    expect(messages).toHaveLength(3);
    await pass(10_000);
    expect(messages).toHaveLength(3);
  });

  it('is not kept where that message has been answered, and is where only another one has', async () => {
    releases.answered(releases.sent(['a'], nodeTimeMs + 120, TTL_MS));
    await releases.release([lock('a')], TTL_MS);
    expect(releases.size).toBe(0);

    const first = releases.sent(['b'], nodeTimeMs + 120, TTL_MS);
    releases.sent(['b'], nodeTimeMs + 500, TTL_MS);
    releases.answered(first);
    await releases.release([lock('b')], TTL_MS);
    nowMs += 501;
    nodeTimeMs += 501;
    messages = [];
    await releases.resend();
    expect(messages).toEqual([['b']]);
  });

  it('is sent until the lock is gone by itself where the deadline is not known', async () => {
    releases.sent(['a'], 0, TTL_MS);
    await releases.release([lock('a')], TTL_MS);
    for (let passedMs = 0; passedMs <= TTL_MS + UNDERWAY_MS; passedMs += 100) {
      nowMs += 100;
      nodeTimeMs += 100;
      await releases.resend();
    }
    expect(messages.length).toBeGreaterThan(5);
    expect(messages.length).toBeLessThan(15);
    expect(releases.size).toBe(0);
  });
});
