/** Reads a CPU profile of V8: whose work each sample was. Pure. */

export interface CpuProfile {
  readonly nodes: readonly {
    readonly id: number;
    readonly callFrame: { readonly functionName: string; readonly url: string };
    readonly children?: readonly number[];
  }[];
  readonly samples: readonly number[];
  /** µs since the sample before. */
  readonly timeDeltas: readonly number[];
}

export interface Shares {
  /** Of what was not idle, by room. */
  readonly shares: ReadonlyMap<string, number>;
  readonly busyMs: number;
}

const OURS = /\/distributed-schedule\/src\/([^/]+)\/([^/]+)/;
const PACKAGE = /\/node_modules\/((?:@[^/]+\/)?[^/]+)\//;

/** @param lastUs only what lies so many µs before the end, or later */
export function sharesOf({ nodes, samples, timeDeltas }: CpuProfile, lastUs: number): Shares {
  const parents = new Map(nodes.flatMap(({ id, children = [] }) => children.map((child) => [child, id])));
  const frames = new Map(nodes.map(({ id, callFrame }) => [id, callFrame]));
  const rooms = new Map(nodes.map(({ id }) => [id, roomOf(stackOf(id, parents), frames)]));
  const endUs = timeDeltas.reduce((sum, delta) => sum + delta, 0);
  const spent = new Map<string, number>();
  let atUs = 0;
  for (const [index, sample] of samples.entries()) {
    const deltaUs = timeDeltas[index] ?? 0;
    atUs += deltaUs;
    const room = rooms.get(sample);
    if (room === undefined || atUs < endUs - lastUs) continue;
    spent.set(room, (spent.get(room) ?? 0) + deltaUs);
  }
  const busyUs = [...spent.values()].reduce((sum, one) => sum + one, 0);
  return {
    shares: new Map([...spent].map(([room, us]) => [room, us / busyUs])),
    busyMs: busyUs / 1_000,
  };
}

/** From the innermost call outwards. */
function stackOf(id: number, parents: ReadonlyMap<number, number>): readonly number[] {
  const stack: number[] = [];
  for (let at: number | undefined = id; at !== undefined; at = parents.get(at)) stack.push(at);
  return stack;
}

/** Undefined where it was idle. */
function roomOf(
  stack: readonly number[],
  frames: ReadonlyMap<number, { readonly functionName: string; readonly url: string }>,
): string | undefined {
  const calls = stack.flatMap((id) => frames.get(id) ?? []);
  const [innermost] = calls;
  if (innermost?.functionName === '(idle)') return undefined;
  if (innermost?.functionName === '(garbage collector)') return 'garbage collection';
  const outwards = [...calls].reverse();
  for (const { url } of outwards) {
    const [, room, file = ''] = OURS.exec(url) ?? [];
    if (room !== undefined) return `${room}/${file.replace(/\.[jt]s$/, '')}`;
  }
  for (const { url } of outwards) {
    const [, name] = PACKAGE.exec(url) ?? [];
    if (name !== undefined) return name;
  }
  return 'Node.js';
}
