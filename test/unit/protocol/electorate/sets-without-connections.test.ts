/** Closed connections tell at once that an instance may be dead. That a set is gone they do not tell: its instances may only be connecting anew. */

import { beforeEach, describe, expect, it } from 'vitest';
import { MemoryNode } from '#src/memory/memory-node.js';
import { MEMBER_TTL_MS } from '#src/protocol/contract/constants.js';
import type { BeatReply, VotingNode } from '#src/protocol/contract/ports.js';
import { answerOf } from '../../../support/answer-of.js';
import { setOf, signOf } from '../../../support/electorate.js';

const OWN = setOf(['n1', 'n2', 'n3']);
const OTHER = setOf(['n1', 'n8', 'n9']);
const SHOWN = { set: OTHER, standsSinceMs: 70, app: 'test', yields: false };

let nowMs: number;
let memory: MemoryNode;
let node: VotingNode;

beforeEach(async () => {
  nowMs = 50_000;
  memory = new MemoryNode({ wallMs: () => nowMs });
  node = memory.connect({ label: 'node 1', position: 'n1' });
  const sign = signOf(OTHER, { n8: '1.old' }, { standsSinceMs: 70 });
  for (const rival of ['ann', 'bob']) answerOf(await node.beat(rival, sign, []));
});

const heard = async (): Promise<BeatReply> => answerOf(await node.beat('me', signOf(OWN), []));
const askToNote = async (): Promise<unknown> =>
  answerOf(await node.note({ position: 'n8', id: '2.new', set: OWN }));

describe('a set of which instances have lost their connections', () => {
  it('is shown with as many instances as are members', async () => {
    memory.locks.disconnect('ann');
    const { members, identity } = await heard();
    expect([...members].sort()).toEqual(['bob', 'me']);
    expect(identity.liveSets).toEqual([{ ...SHOWN, instances: 1 }]);
  });

  it('is shown until the last of them has not beaten for long enough', async () => {
    for (const rival of ['ann', 'bob']) memory.locks.disconnect(rival);
    nowMs += MEMBER_TTL_MS;
    const { members, identity } = await heard();
    expect(members).toEqual(['me']);
    expect(identity.liveSets).toEqual([{ ...SHOWN, instances: 0 }]);
    nowMs += 1;
    expect((await heard()).identity.liveSets).toEqual([]);
  });

  it('is gone at once where they have left', async () => {
    for (const rival of ['ann', 'bob']) answerOf(await node.leave(rival));
    expect((await heard()).identity.liveSets).toEqual([]);
  });

  it('keeps its ids from being replaced for as long', async () => {
    for (const rival of ['ann', 'bob']) memory.locks.disconnect(rival);
    expect(await askToNote()).toMatchObject({ kind: 'in_use' });
    nowMs += MEMBER_TTL_MS + 1;
    expect(await askToNote()).toMatchObject({ kind: 'noted' });
  });
});
