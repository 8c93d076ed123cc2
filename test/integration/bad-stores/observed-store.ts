import { StoreTeller } from '#src/messages/store-teller.js';
import { connectionsTo } from '../../support/connection-count.js';
import { beatOf, type Instance, newNamespace, openInstance } from '../../support/redis-instances.js';
import type { BadStore, OpenedStore, Shelf } from './bad-store.js';

const NODE_TIMEOUT_MS = 1_000;

/** An instance asks about so often, ms: beats, bids and the board. */
const ASK_EVERY_MS = 250;

/** One instance before one bad store. */
export class ObservedStore {
  private readonly asking: Promise<void>;
  private isAsking = true;
  private readonly seen = new Map<string, number>();

  private constructor(
    readonly state: string,
    private readonly opened: OpenedStore,
    private readonly instance: Instance,
  ) {
    this.asking = this.ask();
  }

  static async open(store: BadStore, shelf: Shelf): Promise<ObservedStore> {
    const opened = await store.open(shelf);
    const { inputs, namespace = newNamespace(), nodeTimeoutMs = NODE_TIMEOUT_MS } = opened;
    const instance = openInstance({ inputs, namespace, nodeTimeoutMs, generation: 2 });
    return new ObservedStore(store.state, opened, instance);
  }

  async spoil(): Promise<void> {
    await this.opened.spoil?.();
  }

  /** To the node, in the given time. */
  connections(sinceMs: number, untilMs: number): number {
    const targets = this.opened.targets ?? this.opened.inputs.map(targetOf);
    return connectionsTo(targets, sinceMs, untilMs);
  }

  /** Looks once more at what the log would say now. */
  look(): void {
    const line = this.lineNow();
    this.seen.set(line, (this.seen.get(line) ?? 0) + 1);
  }

  forget(): void {
    this.seen.clear();
  }

  /** What it says most of the time: a busy machine may make a server seem silent for a moment. */
  get line(): string {
    return [...this.seen].sort(([, one], [, other]) => other - one)[0]?.[0] ?? '';
  }

  /** What the log says now, without the sentences that all lines of a lack of a majority begin with. */
  private lineNow(): string {
    const nodes = this.instance.health();
    const nodesAnswering = nodes.filter(({ answering }) => answering).length;
    const hasQuorum = nodesAnswering > nodes.length / 2;
    const teller = new StoreTeller();
    const view = { hasQuorum, isConfirmed: false, nodesAnswering, nodes, isBidding: true };
    const lines = [0, 3_000].flatMap((nowMs) => teller.look({ ...view, nowMs }));
    return lines.map(({ message }) => steady(message)).join(' ');
  }

  async close(): Promise<void> {
    this.isAsking = false;
    await this.asking;
    await this.instance.close();
  }

  private async ask(): Promise<void> {
    while (this.isAsking) {
      await Promise.all([
        ...this.instance.nodes.map((node) => beatOf(this.instance, ['a'], undefined, node)),
        this.instance.locks.tryAcquire(['a'], 1_000),
        new Promise((resolve) => setTimeout(resolve, ASK_EVERY_MS)),
      ]);
    }
  }
}

const BEGINNING = /^No quorum yet: \d of \d nodes answer\. No task runs here until a majority does\. /;

/** Without what differs from one time to the next: what was measured, and ids that the test has made up. */
function steady(line: string): string {
  return line
    .replace(BEGINNING, '')
    .replace(/came after \d+ ms/, 'came after 185 ms')
    .replace(/nodeTimeoutMs to \d+/, 'nodeTimeoutMs to 370')
    .replace(/\{test-[\d-]+\}/g, '{shop}');
}

function targetOf(input: OpenedStore['inputs'][number]): number {
  if (typeof input === 'string') return Number(new URL(input).port);
  const { port, options } = input as {
    readonly port?: number;
    readonly options?: { readonly port?: number };
  };
  return Number(port ?? options?.port);
}
