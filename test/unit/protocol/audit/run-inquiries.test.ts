import { expect, it } from 'vitest';
import { MemoryNode } from '#src/memory/memory-node.js';
import { type InstanceInquiry, QuorumRunInquiries } from '#src/protocol/audit/run-inquiries.js';
import { NO_ENDS } from '#src/protocol/contract/attempt-end.js';
import type {
  InquiryReply,
  InquiryRequest,
  LifeSign,
  NodeReply,
  VotingNode,
} from '#src/protocol/contract/ports.js';
import { between } from '../../../support/between.js';

const LINES = ['a', 'b', 'c', 'd', 'e'];
const A_SLICE = 2;
const SILENT: NodeReply<never> = { answered: false, reason: 'cut' };

/** A node whose word on each message a test decides. */
class Node {
  /** The lines of each message. */
  readonly asked: string[] = [];
  /** A message came while another one had not been answered by all. */
  isEarly = false;
  slowness = 1;
  sign: (first: string) => LifeSign | 'no answer' = () => 'gone';
  /** Lines of which it names another claim. */
  readonly others = new Set<string>();

  /** @param open the first line of each message that some node has not answered yet */
  constructor(private readonly open: string[]) {}

  get voting(): VotingNode {
    const node = new MemoryNode({ wallMs: () => 0 }, () => 'x').connect({ label: 'n', position: 'n' });
    return between(node, { instead: { inquire: (_ask, request) => this.inquire(request) } });
  }

  private async inquire({ lines }: InquiryRequest): Promise<NodeReply<InquiryReply>> {
    const first = lines[0]?.line ?? '';
    this.asked.push(lines.map(({ line }) => line).join(''));
    this.isEarly ||= this.open.some((one) => one !== first);
    this.open.push(first);
    for (let turn = 0; turn < this.slowness; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    this.open.splice(this.open.indexOf(first), 1);
    const sign = this.sign(first);
    if (sign === 'no answer') return SILENT;
    return {
      answered: true,
      nodeTimeMs: 0,
      value: {
        sign,
        lines: lines.map(({ line }) => ({
          newest: { tick: 10, claimId: this.others.has(line) ? 'other:1' : `dead:${line}` },
          ends: NO_ENDS,
          floor: 0,
        })),
      },
    };
  }
}

const ask = (nodes: readonly Node[], lines = LINES): Promise<InstanceInquiry | undefined> =>
  new QuorumRunInquiries(
    nodes.map((node) => node.voting),
    {},
    A_SLICE,
  ).ask({ instanceId: 'dead', lines: lines.map((line) => ({ line })) });

const three = (): [Node, Node, Node] => {
  const open: string[] = [];
  return [new Node(open), new Node(open), new Node(open)];
};

const named = (inquiry: InstanceInquiry | undefined): readonly unknown[] | undefined =>
  inquiry?.lines.map(({ newest }) => newest?.claimId);

it('asks for all lines in slices, and the answers are those of one message', async () => {
  const nodes = three();
  nodes[1].slowness = 5;
  const inquiry = await ask(nodes);
  expect(nodes.map(({ asked }) => asked)).toEqual(nodes.map(() => ['ab', 'cd', 'e']));
  expect(nodes.some(({ isEarly }) => isEarly)).toBe(false);
  expect(inquiry?.standing).toBe('gone');
  expect(named(inquiry)).toEqual(LINES.map((line) => `dead:${line}`));
});

it('asks for the instance where there is no line', async () => {
  const nodes = three();
  expect(await ask(nodes, [])).toEqual({ standing: 'gone', lines: [] });
  expect(nodes.map(({ asked }) => asked)).toEqual([[''], [''], ['']]);
});

it('an instance that is back in a later slice is alive, and no further slice is asked for', async () => {
  const nodes = three();
  for (const node of nodes.slice(1)) node.sign = (first) => (first === 'a' ? 'gone' : 'alive');
  expect(await ask(nodes)).toEqual({ standing: 'alive', lines: [] });
  expect(nodes.map(({ asked }) => asked)).toEqual(nodes.map(() => ['ab', 'cd']));
});

it.each([
  ['first', 'a'],
  ['last', 'e'],
])('an instance whose connections stand by the %s slice is silent and not gone', async (_title, when) => {
  const nodes = three();
  for (const node of nodes.slice(1)) node.sign = (first) => (first === when ? 'silent' : 'gone');
  expect((await ask(nodes))?.standing).toBe('silent');
});

it('a node that is silent is not asked for the next slice, and what it could say is unheard', async () => {
  const nodes = three();
  const [first, second] = nodes;
  first.sign = (line) => (line === 'c' ? 'no answer' : 'gone');
  second.others.add('d').add('e');
  const inquiry = await ask(nodes);
  expect(first.asked).toEqual(['ab', 'cd']);
  expect(second.asked).toEqual(['ab', 'cd', 'e']);
  expect(named(inquiry)).toEqual(['dead:a', 'dead:b', 'dead:c', undefined, undefined]);
  expect(inquiry?.lines.map(({ isUnheard }) => isUnheard)).toEqual([false, false, false, true, true]);
  expect(inquiry?.lines[2]?.stateOf(10, () => false)).toBe('open');
});

it('without a majority for a slice there is no answer', async () => {
  const nodes = three();
  for (const node of nodes.slice(1)) node.sign = (first) => (first === 'e' ? 'no answer' : 'gone');
  expect(await ask(nodes)).toBeUndefined();
});

it('what nodes may have forgotten is unknown where all have answered, and unheard where one that is silent may know', async () => {
  const known = three();
  const forgetful = (node: Node): VotingNode =>
    between(node.voting, {
      instead: {
        inquire: async () => ({
          answered: true,
          nodeTimeMs: 0,
          value: {
            sign: 'gone',
            lines: [{ newest: { tick: 10, claimId: 'dead:a' }, ends: NO_ENDS, floor: 20 }],
          },
        }),
      },
    });
  const [one, two, other] = known;
  const stateWith = async (nodes: readonly VotingNode[]): Promise<string | undefined> => {
    const inquiry = await new QuorumRunInquiries(nodes, {}, A_SLICE).ask({
      instanceId: 'dead',
      lines: [{ line: 'a' }],
    });
    return inquiry?.lines[0]?.stateOf(10, () => false);
  };
  expect(await stateWith([one.voting, two.voting, forgetful(other)])).toBe('open');
  expect(await stateWith([one.voting, forgetful(two), forgetful(other)])).toBe('unknown');
  two.sign = () => 'no answer';
  expect(await stateWith([one.voting, two.voting, forgetful(other)])).toBe('unheard');
});
