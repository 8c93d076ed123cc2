import { expect, it } from 'vitest';
import { MemoryNode } from '#src/memory/memory-node.js';
import type { BeatReply, NodeReply } from '#src/protocol/contract/ports.js';
import { Electorate } from '#src/protocol/electorate/electorate.js';
import { ManualClock } from '#src/testing/manual-clock.js';

const SET = { generation: 1, positions: ['n1', 'n2', 'n3'], leaseTtlMs: 3_000 };
const SILENT: NodeReply<BeatReply> = { answered: false, reason: 'not connected' };

it('still wants a beat for a node that came back while another beat was on its way, which that node has not heard', async () => {
  const clock = new ManualClock();
  const backs: (() => void)[] = [];
  const nodes = MemoryNode.inUse([clock, clock, clock], SET).map((memory, index) =>
    Object.assign(memory.connect({ label: `node ${index + 1}`, position: `n${index + 1}` }), {
      onBack: (listener: () => void) => backs.push(listener),
    }),
  );
  const electorate = new Electorate({
    nodes,
    set: SET,
    app: 'app',
    clock,
    observer: { observe: () => undefined },
    identityWaitMs: 30_000,
  });
  const [first, second] = nodes;
  if (first === undefined || second === undefined) throw new Error('no nodes');
  const beat = electorate.sendBeat();
  const heard = [await first.beat('one', beat.sign, []), await second.beat('one', beat.sign, []), SILENT];
  // The third was asked while it was not connected; it is back before the last answer of the others has come.
  backs[2]?.();
  expect(electorate.nextBeatMs).toBe(clock.monotonicMs());
  electorate.heard(beat, heard);
  expect(electorate.nextBeatMs).toBe(clock.monotonicMs());
});
