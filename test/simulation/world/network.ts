/** Messages between machines and servers: delayed, lost, doubled, overtaken, and cut off in either direction. */

import type { NodeReply } from '#src/protocol/contract/ports.js';
import type { SeededRandom } from '#src/testing/seeded-random.js';
import type { NodeCall } from '../../support/wrapped-node.js';
import type { Machine } from './machine.js';
import type { Server } from './server.js';
import type { VirtualTime } from './virtual-time.js';

export interface NetworkOptions {
  readonly leastDelayMs: number;
  readonly mostDelayMs: number;
  /** Share of messages that take very long instead, and how long at most. */
  readonly slowShare: number;
  readonly mostSlowMs: number;
  readonly lossShare: number;
  readonly doubleShare: number;
  /** Share of requests that leave the order of their connection, as after a reconnect. */
  readonly overtakeShare: number;
}

/** What a message asks for. */
export type Call = NodeCall | 'lock' | 'bid';

const HEALED_DELAY_MS = 2;

/** What happens to the next messages of one kind: the server acts on each, so much later, and its answer is lost. */
export interface Mishap {
  readonly call: Call;
  left: number;
  readonly lateMs: number;
  /** Answers whether the sender's connection ends with it. */
  readonly onSent: () => boolean;
}

/** Both directions between one machine and one server. */
class Link {
  isRequestCut = false;
  isReplyCut = false;
  areBeatsCut = false;
  /** Added to every reply, ms. */
  replyDelayMs = 0;
  lastArrivalMs = 0;
  sent = 0;
  mishaps: Mishap[] = [];

  heal(): void {
    this.mishaps = [];
    this.isRequestCut = false;
    this.isReplyCut = false;
    this.areBeatsCut = false;
    this.replyDelayMs = 0;
  }
}

export interface Request<T> {
  readonly machine: Machine;
  readonly server: Server;
  readonly timeoutMs: number;
  readonly call: Call;
  readonly work: () => Promise<NodeReply<T>>;
}

export class Network {
  /** Messages and answers under way: no instance holds them. */
  inFlight = 0;
  private isHealed = false;
  private readonly links = new Map<Machine, Link[]>();

  constructor(
    private readonly time: VirtualTime,
    private readonly random: SeededRandom,
    private readonly options: NetworkOptions,
  ) {}

  link(machine: Machine, server: Server): Link {
    const links = this.links.get(machine) ?? [];
    this.links.set(machine, links);
    const link = links[server.index] ?? new Link();
    links[server.index] = link;
    return link;
  }

  /** Asks a server. No answer within the timeout, by the machine's own clock, is no vote. */
  request<T>(request: Request<T>): Promise<NodeReply<T>> {
    const { machine, server, timeoutMs, call } = request;
    const link = this.link(machine, server);
    link.sent += 1;
    return new Promise((resolve) => {
      let isHeard = false;
      const finish = (reply: NodeReply<T>): void => {
        isHeard ||= reply.answered;
        cancelTimeout();
        resolve(reply);
      };
      const cancelTimeout = this.time.schedule(timeoutMs, () =>
        machine.run(() => finish({ answered: false, reason: 'timed out' })),
      );
      if (this.meetsMishap(request, link, finish)) return;
      const copies = this.happens(this.options.doubleShare) ? 2 : 1;
      for (let copy = 0; copy < copies; copy += 1) {
        const isLost = this.happens(this.options.lossShare);
        if (isLost || link.isRequestCut || (link.areBeatsCut && call === 'beat')) continue;
        this.carry(this.arrivalMs(link), () => {
          // A connection delivers once, and a client sends nothing again that was answered. Claims keep their promises even then.
          if (!isHeard || (call !== 'lock' && call !== 'bid')) this.arrive(request, link, finish);
        });
      }
    });
  }

  /** From now on every message arrives soon and once. */
  heal(): void {
    this.isHealed = true;
    for (const link of [...this.links.values()].flat()) link.heal();
  }

  /** The most messages that the machine has sent to one server since this was asked last. */
  takeMostSent(machine: Machine): number {
    const links = (this.links.get(machine) ?? []).filter((link) => link !== undefined);
    const most = Math.max(0, ...links.map(({ sent }) => sent));
    for (const link of links) link.sent = 0;
    return most;
  }

  private carry(inMs: number, deliver: () => void): void {
    this.inFlight += 1;
    this.time.schedule(inMs, () => {
      this.inFlight -= 1;
      deliver();
    });
  }

  /** A copy that is late arrives on a connection that has ended: what is sent meanwhile overtakes it. */
  private meetsMishap<T>(
    { machine, server, call, work }: Request<T>,
    link: Link,
    finish: (reply: NodeReply<T>) => void,
  ): boolean {
    const mishap = link.mishaps.find((one) => asksFor(call, one.call) && one.left > 0);
    if (mishap === undefined || this.isHealed) return false;
    mishap.left -= 1;
    const inMs = this.delayMs() + mishap.lateMs;
    this.carry(inMs, () => server.receive(() => void work()));
    if (mishap.onSent()) {
      this.carry(this.delayMs(), () =>
        machine.run(() => finish({ answered: false, reason: 'connection ended' })),
      );
    }
    return true;
  }

  private arrive<T>(
    { machine, server, work }: Request<T>,
    link: Link,
    finish: (reply: NodeReply<T>) => void,
  ): void {
    const answer = (reply: NodeReply<T>): void => {
      if (link.isReplyCut || this.happens(this.options.lossShare)) return;
      this.carry(this.delayMs() + link.replyDelayMs, () => machine.run(() => finish(reply)));
    };
    if (server.isBusy && !server.isDown) {
      answer({ answered: false, reason: 'BUSY' });
      return;
    }
    // The kernel of a machine whose server process is gone says so.
    if (server.isDown) answer({ answered: false, reason: 'connection refused' });
    // The node works at once; its answer is a promise only because that is the shape of the port.
    else server.receive(() => void work().then(answer));
  }

  /** One connection keeps its order, unless this message travels on another one. */
  private arrivalMs(link: Link): number {
    const { nowMs } = this.time;
    const delayMs = this.delayMs();
    // A message that takes very long sits in the socket of a connection that has been given up meanwhile.
    if (delayMs > this.options.mostDelayMs || this.happens(this.options.overtakeShare)) return delayMs;
    link.lastArrivalMs = Math.max(link.lastArrivalMs, nowMs + delayMs);
    return link.lastArrivalMs - nowMs;
  }

  private delayMs(): number {
    const { leastDelayMs, mostDelayMs, slowShare, mostSlowMs } = this.options;
    if (this.isHealed) return leastDelayMs + this.random.next() * HEALED_DELAY_MS;
    if (this.happens(slowShare)) return this.random.next() * mostSlowMs;
    return leastDelayMs + this.random.next() * (mostDelayMs - leastDelayMs);
  }

  private happens(share: number): boolean {
    return !this.isHealed && share > 0 && this.random.next() < share;
  }
}

/** Locks go with their claims where they can. */
function asksFor(call: Call, wanted: Call): boolean {
  return call === wanted || (call === 'bid' && (wanted === 'lock' || wanted === 'claim'));
}
