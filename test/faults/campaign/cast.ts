/** The processes of a campaign: masters, replicas in their slots, and the links between them. */

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { constants, setPriority, tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { HERE, type Place } from '../../support/place.js';
import type { RedisServer } from '../../support/redis-server.js';
import { Replica } from '../../support/replica.js';
import type { Life } from './account/incident.js';
import { machineMs, sleepMs } from './machine-clock.js';
import { StarvationMeter } from './starvation-meter.js';

export const TASKS = ['settle', 'invoice'] as const;
export const NAMESPACE = 'campaign';

const ROUTE = fileURLToPath(new URL('./route.cjs', import.meta.url));
const ENV = {
  NAMESPACE,
  TASKS: TASKS.join(','),
  TASK_TIMES: 'settle=5-50,invoice=1500-4500',
  TRUST_EVERY_MS: '25',
} as const;
/** Small, so that a heap is exhausted in a moment. */
const HEAP_MB = 96;
/** A start takes a second of processor time, which the replicas that are measured must not lack. */
const STARTING_NICENESS = '5';
const START_ATTEMPTS = 4;
const START_PAUSE_MS = 5_000;
const IS_ROOT = process.getuid?.() === 0;

/** A place for a replica: whoever lives there has its links, its clock and its host. */
export interface Slot {
  readonly index: number;
  /** What leads this slot's replicas to the store, and what else is their own. */
  readonly env: Readonly<Record<string, string>>;
  readonly place?: Place;
}

interface Member {
  readonly slot: Slot;
  readonly replica: Replica;
  readonly instanceId: string;
  readonly fromMs: number;
  toMs: number;
  goneMs: number;
  isGraceful: boolean;
}

export class Cast {
  readonly runFile: string;
  readonly outcomeFile: string;
  private readonly directory = mkdtempSync(join(tmpdir(), 'campaign-'));
  private readonly members: Member[] = [];
  private readonly strangers = new Set<Replica>();
  private readonly meter: StarvationMeter;

  constructor(
    readonly nodes: readonly RedisServer[],
    readonly slots: readonly Slot[],
    /** Behind Sentinels several servers are one vote. */
    readonly votes = nodes.length,
  ) {
    this.runFile = join(this.directory, 'runs.jsonl');
    this.outcomeFile = join(this.directory, 'outcomes.jsonl');
    for (const file of [this.runFile, this.outcomeFile]) writeFileSync(file, '');
    this.meter = new StarvationMeter(() => this.processes());
    // A replica ends by itself when this process has gone, unless it is stopped just then.
    process.once('exit', () => this.killAll());
  }

  /** Starts the replicas. */
  async open(): Promise<void> {
    await Promise.all(this.slots.map((slot) => this.join(slot)));
  }

  /** Starts a replica in a slot. */
  async join(slot: Slot): Promise<Replica> {
    const replica = await this.start(slot);
    if (IS_ROOT) setPriority(replica.pid, constants.priority.PRIORITY_NORMAL);
    const member: Member = {
      ...{ slot, replica, instanceId: idOf(replica), fromMs: machineMs() },
      ...{ toMs: Number.POSITIVE_INFINITY, goneMs: Number.POSITIVE_INFINITY, isGraceful: false },
    };
    this.members.push(member);
    void replica.ended.then(() => {
      member.goneMs = machineMs();
    });
    return replica;
  }

  /** Starts an instance that takes part and belongs to no slot: nobody counts on it. What it does is written down as well. */
  async joinStranger(name: string, env: Readonly<Record<string, string>>): Promise<Replica> {
    const files = { RECORD_FILE: this.runFile, OUTCOME_FILE: this.outcomeFile };
    const stranger = await Replica.start(name, { ...ENV, ...env, ...files });
    this.strangers.add(stranger);
    void stranger.ended.then(() => this.strangers.delete(stranger));
    return stranger;
  }

  /** Tries again after a while: on a machine where people work, the application may be built anew just now. */
  private async start(slot: Slot, attemptsLeft = START_ATTEMPTS): Promise<Replica> {
    const name = `${'ABCDEFGH'[slot.index]}${this.members.length + 1}`;
    const env = { ...ENV, ...slot.env, RECORD_FILE: this.runFile, OUTCOME_FILE: this.outcomeFile };
    const nodeOptions = `${slot.env.NODE_OPTIONS ?? ''} --max-old-space-size=${HEAP_MB} --require="${ROUTE}"`;
    const place = slot.place ?? HERE;
    const within = IS_ROOT ? [...place.within, 'nice', '-n', STARTING_NICENESS] : place.within;
    try {
      return await Replica.start(name, { ...env, NODE_OPTIONS: nodeOptions }, { ...place, within });
    } catch (error) {
      if (attemptsLeft <= 1) throw error;
      process.stderr.write(`replica ${name} did not start, tried again: ${String(error)}\n`);
      await sleepMs(START_PAUSE_MS);
      return await this.start(slot, attemptsLeft - 1);
    }
  }

  /** Who lives in the slot now, or did last. */
  replicaIn(slot: Slot): Replica {
    const member = this.members.findLast((one) => one.slot === slot);
    if (member === undefined) throw new Error(`nobody was ever in slot ${slot.index}`);
    return member.replica;
  }

  slotOf(name: string): Slot | undefined {
    return this.members.find(({ replica }) => replica.name === name)?.slot;
  }

  /** The replica with that instance id. */
  nameOf(instanceId: string): string | undefined {
    return this.members.find((member) => member.instanceId === instanceId)?.replica.name;
  }

  /** Writes down that a replica is about to die, or to be asked to end. */
  markEnd(replica: Replica, isGraceful: boolean): void {
    const member = this.members.find((one) => one.replica === replica);
    if (member === undefined || member.toMs !== Number.POSITIVE_INFINITY) return;
    member.toMs = machineMs();
    member.isGraceful = isGraceful;
  }

  get lives(): readonly Life[] {
    return this.members.map(({ replica, instanceId, fromMs, toMs, goneMs, isGraceful }) => ({
      replica: replica.name,
      ...{ instanceId, fromMs, toMs, goneMs, isGraceful },
    }));
  }

  get starvation(): StarvationMeter['seen'] {
    return this.meter.seen;
  }

  /** What a replica printed lately, for a fault that went wrong. */
  logs(): string {
    return this.slots.map((slot) => this.replicaIn(slot).log()).join('\n');
  }

  /** Kills everybody that is left. The files go too: read them before. */
  async close(): Promise<void> {
    this.meter.stop();
    const alive = this.replicas().filter(({ isAlive }) => isAlive);
    await Promise.all(alive.map((replica) => replica.kill('SIGKILL')));
    await Promise.all(this.nodes.map((node) => node.stop()));
    rmSync(this.directory, { recursive: true, force: true });
  }

  private killAll(): void {
    for (const { isAlive, pid } of this.replicas()) if (isAlive) process.kill(pid, 'SIGKILL');
    rmSync(this.directory, { recursive: true, force: true });
  }

  private replicas(): readonly Replica[] {
    return [...this.members.map(({ replica }) => replica), ...this.strangers];
  }

  private processes(): ReadonlyMap<number, string> {
    const alive = this.members.filter(({ toMs }) => toMs === Number.POSITIVE_INFINITY);
    return new Map([
      ...alive.map(({ replica }): [number, string] => [replica.pid, replica.name]),
      ...this.nodes.map(({ pid }, index): [number, string] => [pid ?? 0, `redis ${index + 1}`]),
    ]);
  }
}

function idOf(replica: Replica): string {
  const [first] = replica.messages.flatMap((one) => (one.type === 'listening' ? [one.instanceId] : []));
  return first ?? 'unknown';
}
