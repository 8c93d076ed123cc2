/** A voting node's server: its own clock, and a memory that it may lose, keep, or get back from an old file. */

import { MemoryNode, type MemorySnapshot } from '#src/memory/memory-node.js';
import type { VotingNode } from '#src/protocol/contract/ports.js';
import type { History } from '../watch/history.js';
import { type DeskSnapshot, LockDesk } from '../watch/lock-desk.js';
import { EPOCH_MS } from './machine.js';
import type { VirtualTime } from './virtual-time.js';

export type Restart = 'empty' | 'with its memory' | 'with old memory';

/** No message takes longer. */
const IN_FLIGHT_MS = 2_000;

/** By then an instance that is there has had an answer. */
const STEP_MISLEADS_MS = 20_000;

/** More than the faults of one world. */
const MAX_RESTARTS = 100;

/** All steps back of one server together: less than MARGIN, which is what is assumed of it. */
export const MAX_BACK_MS = 800;

export interface ServerSnapshot {
  readonly memory: MemorySnapshot;
  readonly locks: DeskSnapshot;
}

export interface ServerOptions {
  /** Of this server among all. */
  readonly index: number;
  /** Its place in the set of nodes; the first server of each has that index too. */
  readonly position?: number;
  readonly rate: number;
  readonly offsetMs: number;
  /** Whose clock it shares: it is another database of that server. */
  readonly host?: Server | undefined;
}

export class Server {
  readonly index: number;
  readonly position: number;
  model: MemoryNode;
  desk: LockDesk;
  isDown = false;
  isPaused = false;
  /** Somebody else's slow script runs there: it refuses everything. */
  isBusy = false;
  private stepMs: number;
  private backSoFarMs = 0;
  private setBackMs = Number.NEGATIVE_INFINITY;
  private steppedMs = Number.NEGATIVE_INFINITY;
  private readonly waiting: (() => void)[] = [];
  private traps: (() => void)[] = [];
  private backup: ServerSnapshot | undefined;

  constructor(
    private readonly time: VirtualTime,
    private readonly options: ServerOptions,
    private readonly history: History,
  ) {
    this.index = options.index;
    this.position = options.position ?? options.index;
    this.stepMs = options.offsetMs;
    let nonces = 0;
    const newNonce = (): string => {
      nonces += 1;
      return `${this.index.toString(16).padStart(6, '0')}${nonces.toString(16).padStart(6, '0')}`;
    };
    this.model = new MemoryNode({ wallMs: () => this.wallMs() }, newNonce);
    this.desk = new LockDesk(this.model, () => this.wallMs(), history);
  }

  /** A prime for a second server of the position. */
  get label(): string {
    return `node ${this.position + 1}${this.index === this.position ? '' : '\u2032'}`;
  }

  wallMs(): number {
    if (this.options.host !== undefined) return this.options.host.wallMs();
    // Redis answers in whole microseconds and the scripts in whole milliseconds.
    return Math.floor(EPOCH_MS + this.time.nowMs * this.options.rate + this.stepMs);
  }

  /** The position at which it votes by now. */
  get vote(): string | undefined {
    return this.model.snapshot().ledger.memory?.vote;
  }

  /** @param position its name in the node set of whoever connects */
  connect(position: string): VotingNode {
    return this.model.connect({ label: this.label, position });
  }

  /** Begins as a node that has been in use for long. */
  begin(model: MemoryNode): void {
    this.model = model;
    this.desk = new LockDesk(model, () => this.wallMs(), this.history);
  }

  /** Hands a message over: it is worked on now, when the server goes on, or never. */
  receive(work: () => void): void {
    if (this.isDown) return;
    if (this.isPaused || this.waiting.length > 0) this.waiting.push(work);
    else work();
  }

  /** Springs at the next grant: random restarts seldom hit the moment in which they matter. */
  layTrap(spring: () => void): void {
    this.traps.push(spring);
  }

  springTraps(): void {
    if (this.traps.length === 0) return;
    const sprung = this.traps;
    this.traps = [];
    for (const spring of sprung) spring();
  }

  clearTraps(): void {
    this.traps = [];
  }

  /** Within what is assumed: the part of a step back that the assumption still leaves. */
  stepClock(askedMs: number): void {
    const byMs = askedMs >= 0 ? askedMs : -Math.min(-askedMs, MAX_BACK_MS - this.backSoFarMs);
    if (byMs < 0) this.backSoFarMs -= byMs;
    this.setStep(this.stepMs + byMs);
  }

  /** Sets the clock right but for a remainder, as a time daemon does in the end. */
  synchronise(remainderMs: number): void {
    const stepMs = remainderMs - this.time.nowMs * (this.options.rate - 1);
    if (stepMs < this.stepMs - MAX_BACK_MS) this.setBackMs = this.time.nowMs;
    this.setStep(stepMs);
  }

  /** Healing has set its clock back by more than is assumed: copies that were on their way then have their time once more. */
  get wasSetFarBack(): boolean {
    return this.time.nowMs - this.setBackMs < IN_FLIGHT_MS;
  }

  snapshot(): ServerSnapshot {
    return { memory: this.model.snapshot(), locks: this.desk.snapshot() };
  }

  backUp(): void {
    this.backup = this.snapshot();
  }

  flush(): void {
    this.model.loseMemory('flush');
    this.desk.memoryLost();
    this.restoredFloor = undefined;
  }

  crash(): void {
    this.isDown = true;
    this.waiting.length = 0;
  }

  restart(how: Restart): void {
    if (how === 'empty') {
      this.model.loseMemory('restart');
      this.desk.memoryLost();
      this.restoredFloor = undefined;
    } else this.restore(how === 'with its memory' ? undefined : this.backup);
    this.isDown = false;
  }

  /** Begins with what another server knows, or knew when its last file was written: a restored or promoted one. */
  copyFrom(other: Server, content: 'replica' | 'file'): void {
    // The model numbers the incarnations of one server; none of this one's may look like one of the other's.
    for (let count = 0; count < MAX_RESTARTS; count += 1) this.model.loseMemory('restart');
    this.restore(content === 'file' ? other.backup : other.snapshot());
  }

  /** Another server process goes on with what it knew at the time of the snapshot. */
  failOver(replica: ServerSnapshot): void {
    this.restore(replica);
    this.isDown = false;
  }

  pause(durationMs: number): void {
    if (this.isPaused || this.isDown) return;
    this.isPaused = true;
    this.time.schedule(durationMs, () => this.resume());
  }

  resume(): void {
    this.isPaused = false;
    this.readWaiting();
  }

  /** One by one, so that each message has been answered and noted before the next is read. */
  private readWaiting(): void {
    if (this.waiting.length === 0) return;
    this.time.schedule(0, () => {
      if (this.isPaused) return;
      this.waiting.shift()?.();
      this.readWaiting();
    });
  }

  /** The floor that a restored memory came with, until it has been compared. */
  takeRestoredFloor(): number | undefined {
    const floor = this.restoredFloor;
    this.restoredFloor = undefined;
    return floor;
  }

  private restoredFloor: number | undefined;

  /** Whether an instance may still be mistaken about its clock. */
  get hasSteppedLately(): boolean {
    return this.time.nowMs - this.steppedMs < STEP_MISLEADS_MS;
  }

  private setStep(stepMs: number): void {
    this.steppedMs = this.time.nowMs;
    this.desk.clockSteps();
    const byMs = stepMs - this.stepMs;
    this.stepMs = stepMs;
    this.desk.clockStepped(byMs);
  }

  private restore({ memory, locks }: ServerSnapshot = this.snapshot()): void {
    this.model.restartFrom(memory);
    this.desk.memoryLost(locks);
    this.restoredFloor = memory.ledger.memory?.floor;
  }
}
