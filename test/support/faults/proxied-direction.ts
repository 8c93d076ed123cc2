import type { Socket } from 'node:net';
import type { DirectionRules } from './link-rules.js';

/** What a direction counts, for all connections of a link. */
export interface DirectionCounts {
  passedBytes: number;
  droppedBytes: number;
  stalls: number;
}

type Freight = { readonly atMs: number } & ({ readonly bytes: Buffer } | { readonly end: 'fin' | 'reset' });

/** The bytes of one connection that go one way, in their order, with the end of the stream as the last of them. */
export class ProxiedDirection {
  /** Something vanished: this connection cannot go on. */
  hasGap = false;
  private queue: Freight[] = [];
  private timer: NodeJS.Timeout | undefined;
  private lastAtMs = 0;

  constructor(
    from: Socket,
    private readonly to: Socket,
    private readonly rules: () => DirectionRules,
    private readonly counts: DirectionCounts,
  ) {
    from.on('data', (bytes: Buffer) => this.take(bytes));
    from.on('end', () => this.takeEnd('fin'));
    from.on('error', () => this.takeEnd('reset'));
  }

  get heldBytes(): number {
    return this.queue.reduce((sum, freight) => sum + ('bytes' in freight ? freight.bytes.length : 0), 0);
  }

  /** Sends what is due. Called again whenever the rules have changed. */
  pump(): void {
    clearTimeout(this.timer);
    while (this.rules().hold !== true) {
      const [next] = this.queue;
      if (next === undefined) return;
      const waitMs = next.atMs - performance.now();
      if (waitMs > 0) {
        this.timer = setTimeout(() => this.pump(), waitMs);
        return;
      }
      this.queue.shift();
      this.deliver(next);
    }
  }

  forget(): void {
    clearTimeout(this.timer);
    this.queue = [];
  }

  private take(bytes: Buffer): void {
    if (this.rules().drop === true) {
      this.counts.droppedBytes += bytes.length;
      this.hasGap = true;
      return;
    }
    this.queue.push({ atMs: this.arrivalMs(), bytes });
    this.pump();
  }

  /** The end of a stream is lost, delayed or held like its bytes: the other side must not hear of it early. */
  private takeEnd(end: 'fin' | 'reset'): void {
    if (this.rules().drop === true) {
      this.hasGap = true;
      return;
    }
    this.queue.push({ atMs: this.arrivalMs(), end });
    this.pump();
  }

  private arrivalMs(): number {
    const { delayMs = 0, jitterMs = 0, stallChance = 0, stallMs = 0 } = this.rules();
    const isStalled = Math.random() < stallChance;
    if (isStalled) this.counts.stalls += 1;
    const atMs = performance.now() + delayMs + Math.random() * jitterMs + (isStalled ? stallMs : 0);
    this.lastAtMs = Math.max(this.lastAtMs, atMs);
    return this.lastAtMs;
  }

  private deliver(freight: Freight): void {
    if ('bytes' in freight) {
      this.counts.passedBytes += freight.bytes.length;
      this.to.write(freight.bytes);
    } else if (freight.end === 'fin') this.to.end();
    else this.to.resetAndDestroy();
  }
}
