/** Waits for the moment of a directed fault and says who stands in it. */

import { Redis } from 'ioredis';
import type { Moment } from './account/incident.js';
import { type Cast, NAMESPACE, type Slot } from './cast.js';
import { sleepMs } from './machine-clock.js';
import { RunTail } from './witness.js';

/** A run of the slow task takes up to 4.5 s. */
const PATIENCE_MS = 6_000;
const SECOND_MS = 1_000;
/** Bids begin 30 ms before a tick. */
const LOOK_FROM_MS = 40;
const LOOK_UNTIL_MS = 150;
const LOOK_TIMEOUT_MS = 20;

export interface Protagonist {
  /** Whose tick it is. */
  readonly slot: Slot;
  /** A node that has granted it, where that is known. */
  readonly node?: number;
}

export class Triggers {
  private readonly clients: readonly Redis[];

  constructor(private readonly cast: Cast) {
    this.clients = cast.nodes.map(({ url }) => {
      const patience = {
        commandTimeout: LOOK_TIMEOUT_MS,
        maxRetriesPerRequest: 0,
        enableOfflineQueue: false,
      };
      const client = new Redis(url, { ...patience, retryStrategy: () => LOOK_TIMEOUT_MS });
      client.on('error', () => {});
      return client;
    });
  }

  /** Undefined when nothing of the kind happens in time. */
  async wait(moment: Exclude<Moment, 'random'>, task: string): Promise<Protagonist | undefined> {
    if (moment === 'on grant') return await this.grant(task);
    const phase = moment === 'on win' ? 'start' : 'end';
    const tail = new RunTail(this.cast.runFile);
    try {
      const line = await tail.next((one) => one.phase === phase && one.task === task, PATIENCE_MS);
      const slot = line && this.cast.slotOf(line.replica);
      return slot && { slot };
    } finally {
      tail.close();
    }
  }

  close(): void {
    for (const client of this.clients) client.disconnect();
  }

  /** Looks into the ledgers around each second until a new claim stands there: its run has yet to begin. */
  private async grant(task: string): Promise<Protagonist | undefined> {
    const deadlineMs = Date.now() + PATIENCE_MS;
    while (Date.now() < deadlineMs) {
      const tick = Math.ceil((Date.now() + LOOK_FROM_MS) / SECOND_MS) * SECOND_MS;
      await sleepMs(tick - LOOK_FROM_MS - Date.now());
      while (Date.now() < tick + LOOK_UNTIL_MS) {
        const looks = this.clients.map((client, node) => this.claimAt(client, node, task, tick));
        const found = await Promise.any(looks).catch(() => undefined);
        if (found !== undefined) return found;
        await sleepMs(1);
      }
    }
    return undefined;
  }

  /** Rejects unless that node has granted the tick. */
  private async claimAt(client: Redis, node: number, task: string, tick: number): Promise<Protagonist> {
    const value = await client.hget(`{${NAMESPACE}}:ledger`, `t:${task}`);
    const [granted, claimId = ''] = (value ?? '').split(' ');
    const name = this.cast.nameOf(claimId.slice(0, claimId.lastIndexOf(':')));
    const slot = name === undefined ? undefined : this.cast.slotOf(name);
    if (Number(granted) !== tick || slot === undefined) throw new Error('not granted');
    return { slot, node };
  }
}
