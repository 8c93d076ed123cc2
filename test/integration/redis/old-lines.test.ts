/** Lines of added tasks that a real server forgets when all that is in them is old, and what it knows of them afterwards. */

import { beforeEach, describe, expect, it } from 'vitest';
import { LINES_A_SLICE } from '#src/protocol/contract/prunable-lines.js';
import {
  answerOf,
  claimOf,
  endQuarantine,
  type Instance,
  newNamespace,
  nodeOf,
  nodeTimeMs,
  startInstance,
  votesOf,
} from '../../support/redis-instances.js';
import { sharedRedis } from '../../support/shared-servers.js';

/** Older than what a node never forgets. */
const OLD_MS = 12_000;
const NOW = { windowMs: 0, restMs: 0 };
/** More than fit into the short form of a hash, which is looked through in one piece. */
const MANY = 5 * LINES_A_SLICE;

const server = sharedRedis();
let namespace: string;
let instance: Instance;

beforeEach(async () => {
  namespace = newNamespace();
  instance = await startInstance({ inputs: [server.url], namespace });
  answerOf(await nodeOf(instance).peek([]));
  await endQuarantine(server, namespace);
});

const ledger = (): string => `{${namespace}}:ledger`;
const fields = async (): Promise<readonly string[]> => server.client().hkeys(ledger());

/** An instant that is old, granted in each of these lines. */
async function grantedIn(...lines: readonly (readonly [line: string, claimId: string])[]): Promise<number> {
  const tick = (await nodeTimeMs(server)) - OLD_MS;
  const votes = await votesOf(instance, ...lines.map(([line, claimId]) => claimOf(line, tick, claimId)));
  expect(votes).toEqual(lines.map(() => 'granted'));
  return tick;
}

describe('a node that is to forget old lines', () => {
  it('forgets those whose claims allow it, with the ends of their attempts, and nothing else', async () => {
    await grantedIn(['once', 'a:1~'], ['monthly', 'a:2'], ['{trigger}7', 'a:3~'], ['boot{key', 'a:4~']);
    await server.client().hset(ledger(), 'e:once', 'an end', 'e:monthly', 'another');
    const before = await fields();
    expect(answerOf(await nodeOf(instance).prune(NOW))).toEqual({ pruned: 2, isUnfinished: false });
    const gone = ['t:once', 't:{trigger}7', 'e:once'];
    const come = ['pruned', 'window', 'pass'];
    expect([...(await fields())].sort()).toEqual(
      [...before.filter((field) => !gone.includes(field)), ...come].sort(),
    );
  });

  it('forgets ends of attempts that stand without a line, once they are old', async () => {
    const nowMs = await nodeTimeMs(server);
    const end = (atMs: number, claimId: string): string => `0\n${atMs} ${atMs - 500} success ${claimId}`;
    const ends = {
      old: end(nowMs - OLD_MS, 'a:1~'),
      young: end(nowMs, 'a:2~'),
      kept: end(nowMs - OLD_MS, 'a:3'),
    };
    for (const [line, text] of Object.entries(ends)) await server.client().hset(ledger(), `e:${line}`, text);
    answerOf(await nodeOf(instance).prune(NOW));
    expect((await fields()).filter((field) => field.startsWith('e:')).sort()).toEqual(['e:kept', 'e:young']);
    expect(await fields()).not.toContain('pruned');
  });

  it('grants nothing again that was in them, and says up to where', async () => {
    const tick = await grantedIn(['once', 'a:1~'], ['monthly', 'a:2']);
    answerOf(await nodeOf(instance).prune(NOW));
    expect(await votesOf(instance, claimOf('once', tick, 'b:1~'))).toEqual(['quarantined']);
    expect(await votesOf(instance, claimOf('once', tick, 'a:1~'))).toEqual(['quarantined']);
    const [once, monthly] = answerOf(await nodeOf(instance).peek(['once', 'monthly']));
    expect(once).toEqual({ tick: 0, prunedUpTo: expect.any(Number) });
    expect(once?.prunedUpTo).toBeGreaterThanOrEqual(tick);
    expect(monthly).toEqual({ tick, claimId: 'a:2' });
  });

  it('does not take a claim of a task that has a line for one that it has forgotten', async () => {
    const tick = await grantedIn(['once', 'a:1~'], ['monthly', 'a:2']);
    answerOf(await nodeOf(instance).prune(NOW));
    expect(await votesOf(instance, claimOf('monthly', tick + 1, 'b:1'))).toEqual(['granted']);
  });

  it('remembers what it has forgotten when a later claim in the line is given back', async () => {
    const tick = await grantedIn(['once', 'a:1~']);
    answerOf(await nodeOf(instance).prune(NOW));
    const later = claimOf('once', await nodeTimeMs(server), 'b:1~');
    expect(await votesOf(instance, later)).toEqual(['granted']);
    answerOf(await nodeOf(instance).giveBack([later]));
    expect(await votesOf(instance, claimOf('once', tick, 'c:1~'))).toEqual(['taken']);
  });

  it('keeps to the longest window that it was told of', async () => {
    await grantedIn(['once', 'a:1~']);
    const prune = (windowMs: number) => nodeOf(instance).prune({ windowMs, restMs: 0 });
    expect(answerOf(await prune(60_000)).pruned).toBe(0);
    expect(answerOf(await prune(0)).pruned).toBe(0);
  });

  it('looks through many lines a slice at a time, and then leaves them alone', async () => {
    const tick = (await nodeTimeMs(server)) - OLD_MS;
    const lines = Array.from({ length: MANY }, (_, index) => [`t:once ${index}`, `${tick} a:${index}~ 0`]);
    await server.client().hset(ledger(), ...lines.flat());
    const prune = { windowMs: 0, restMs: 60_000 };
    let [forgotten, slices] = [0, 0];
    for (let isUnfinished = true; isUnfinished; slices += 1) {
      const answer = answerOf(await nodeOf(instance).prune(prune));
      isUnfinished = answer.isUnfinished;
      forgotten += answer.pruned;
    }
    expect(forgotten).toBe(MANY);
    expect(slices).toBeGreaterThan(2);
    await server.client().hset(ledger(), 't:late', `${tick} a:1~ 0`);
    expect(answerOf(await nodeOf(instance).prune(prune))).toEqual({ pruned: 0, isUnfinished: false });
  });
});
