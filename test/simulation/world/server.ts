/** A voting node's server: its own clock, and a memory that it may lose, keep, or get back from an old file. */

import { MemoryNode, type NodeSet } from '../../../libs/distributed-schedule/src/memory/memory-node.js';
import type { VotingNode } from '../../../libs/distributed-schedule/src/protocol/ports.js';
import { EPOCH_MS } from './machine.js';
import type { VirtualTime } from './virtual-time.js';

export type Restart = 'empty' | 'with its memory' | 'with old memory';

export class Server {
  readonly model: MemoryNode;
  isDown = false;
  isPaused = false;
  private stepMs: number;
  private readonly waiting: (() => void)[] = [];
  private backup: ReturnType<MemoryNode['snapshot']> | undefined;

  constructor(
    readonly index: number,
    private readonly time: VirtualTime,
    private readonly rate: number,
    offsetMs: number,
  ) {
    this.stepMs = offsetMs;
    this.model = new MemoryNode({ wallMs: () => this.wallMs() });
  }

  wallMs(): number {
    // Redis answers in whole microseconds and the scripts in whole milliseconds.
    return Math.floor(EPOCH_MS + this.time.nowMs * this.rate + this.stepMs);
  }

  connect(nodeSet: NodeSet, onReply: (nodeTimeMs: number) => void): VotingNode {
    return this.model.connect({ label: `node ${this.index + 1}`, nodeSet, onReply });
  }

  /** Hands a message over: it is worked on now, when the server goes on, or never. */
  receive(work: () => void): void {
    if (this.isDown) return;
    if (this.isPaused) this.waiting.push(work);
    else work();
  }

  stepClock(byMs: number): void {
    this.stepMs += byMs;
  }

  /** Sets the clock right, as a time daemon does in the end. */
  synchronise(): void {
    this.stepMs = -this.time.nowMs * (this.rate - 1);
  }

  backUp(): void {
    this.backup = this.model.snapshot();
  }

  flush(): void {
    this.model.loseMemory('flush');
  }

  crash(): void {
    this.isDown = true;
    this.waiting.length = 0;
  }

  restart(how: Restart): void {
    if (how === 'empty') this.model.loseMemory('restart');
    else if (how === 'with its memory') this.model.restartFrom(this.model.snapshot());
    else this.model.restartFrom(this.backup ?? this.model.snapshot());
    this.isDown = false;
  }

  pause(durationMs: number): void {
    if (this.isPaused || this.isDown) return;
    this.isPaused = true;
    this.time.schedule(durationMs, () => this.resume());
  }

  resume(): void {
    this.isPaused = false;
    // One by one, so that each message has been answered and noted before the next is read.
    for (const work of this.waiting.splice(0)) this.time.schedule(0, () => this.receive(work));
  }
}
