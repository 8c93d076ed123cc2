import { beforeEach, expect, it } from 'vitest';
import { MAX_ENDS, MAX_ENDS_IN_TURN } from '#src/protocol/contract/attempt-end.js';
import type { LineInquiry } from '#src/protocol/contract/ports.js';
import { type Instance, newNamespace, nodeOf, startInstance } from '../../support/redis-instances.js';
import { sharedRedis } from '../../support/shared-servers.js';

/** What a release of the version before did with the ends of a line: of every line it kept sixteen. */
const KEPT_BY_THE_VERSION_BEFORE = `
local kept, fresh, isFresh, now = {}, {}, {}, tonumber(ARGV[3])
for instant, outcome, claimId in string.gmatch(ARGV[2], '(%d+) (%S+) ([^\\n]+)') do
  fresh[#fresh + 1] = ARGV[3] .. ' ' .. instant .. ' ' .. outcome .. ' ' .. claimId
  isFresh[claimId] = true
end
local stored = redis.call('HGET', KEYS[1], ARGV[1]) or '0'
local droppedUpTo = tonumber(string.match(stored, '^%d+'))
for one, claimId in string.gmatch(stored, '\\n(%d+ %d+ %S+ ([^\\n]+))') do
  if not isFresh[claimId] then
    kept[#kept + 1] = one
  end
end
for _, one in ipairs(fresh) do
  kept[#kept + 1] = one
end
local first = 1
while #kept - first >= 16 do
  droppedUpTo = math.max(droppedUpTo, tonumber(string.match(kept[first], '^%d+ (%d+)')))
  first = first + 1
end
redis.call('HSET', KEYS[1], ARGV[1], string.format('%.0f', droppedUpTo) .. '\\n' .. table.concat(kept, '\\n', first))
`;

const server = sharedRedis();
let instance: Instance;
let namespace: string;

beforeEach(async () => {
  namespace = newNamespace();
  instance = await startInstance({ inputs: [server.url], namespace });
});

const before = async (line: string, nth: number): Promise<unknown> =>
  server
    .client()
    .eval(
      KEPT_BY_THE_VERSION_BEFORE,
      1,
      `{${namespace}}:ledger`,
      `e:${line}`,
      `${1_000 + nth} success old:${nth}`,
      String(Date.now()),
    );

const now = (line: string, nth: number, mayOverlap?: true): Promise<void> | undefined =>
  instance.locks.keepEnds?.([
    {
      line,
      ends: [{ instant: 1_000 + nth, claimId: `new:${nth}`, outcome: 'failed' }],
      ...(mayOverlap && { mayOverlap }),
    },
  ]);

async function traced(line: string): Promise<LineInquiry['ends']> {
  const reply = await nodeOf(instance).inquire({ instanceId: 'new', lines: [{ line, lock: line }] });
  const ends = reply.answered ? reply.value.lines[0]?.ends : undefined;
  if (ends === undefined) throw new Error('no answer');
  return ends;
}

it('of the sixteen ends that an older version keeps the newest stay, and nobody takes the others for runs that were lost', async () => {
  for (let nth = 0; nth < MAX_ENDS; nth += 1) await before('settle', nth);
  await now('settle', MAX_ENDS);
  const { droppedUpTo, ends } = await traced('settle');
  expect(ends.map(({ claimId }) => claimId)).toEqual(['old:13', 'old:14', 'old:15', 'new:16']);
  expect(ends).toHaveLength(MAX_ENDS_IN_TURN);
  expect(droppedUpTo).toBe(1_012);
});

it('both versions add to what the other one has kept', async () => {
  for (let nth = 0; nth < 6; nth += 2) {
    await now('settle', nth, true);
    await before('settle', nth + 1);
  }
  const { droppedUpTo, ends } = await traced('settle');
  expect(ends.map(({ claimId }) => claimId)).toEqual(['new:0', 'old:1', 'new:2', 'old:3', 'new:4', 'old:5']);
  expect(droppedUpTo).toBe(0);
});
