/** Parts the instances of a world into two sides that rely on different servers of one position. */

import { MEMBER_TTL_MS } from '#src/protocol/contract/constants.js';
import type { SidesPart } from './fault.js';
import type { LinkFaults } from './link-faults.js';
import type { NameFaults } from './name-faults.js';
import type { ServerFaults } from './server-faults.js';
import type { Instance } from './simulated-instance.js';
import { unlessHealed } from './unless-healed.js';
import type { WorldParts } from './world-parts.js';

/** A member is taken for gone after 3 s, and a new id is noted and votes within two beats more. */
const OTHER_SIDE_VOTES_AFTER_MS = 4_500;
/** The newest beat of those who are not heard may have come right before. */
const LEAD_AFTER_MS = 50;
/** Its vote is back, if it gets one. */
const NOTED_AGAIN_MS = 300;

export class SideFaults {
  constructor(
    private readonly parts: WorldParts,
    private readonly living: () => readonly Instance[],
    private readonly nameFaults: NameFaults,
    private readonly linkFaults: LinkFaults,
    private readonly serverFaults: ServerFaults,
  ) {}

  strike({ how, server, content, byMs, forMs }: SidesPart): void {
    const living = this.living();
    const misled = living.filter((_, index) => index % 2 === 1);
    const staying = living.filter((_, index) => index % 2 === 0);
    if (how === 'deaf') {
      this.deafen(staying, byMs, forMs);
      const goneMs = MEMBER_TTL_MS - byMs + LEAD_AFTER_MS;
      unlessHealed(this.parts, goneMs, () => this.nameFaults.lead(misled, server, content, forMs));
      this.parts.history.count(`sides part: ${how}`);
      return;
    }
    const position = this.nameFaults.lead(misled, server, content, forMs);
    if (position === undefined) return;
    this.parts.history.count(`sides part: ${how}`);
    const others = this.parts.positions.filter((one) => one !== position);
    const half = others.length / 2;
    if (how === 'forgets') this.forget(staying, position, others, forMs);
    else {
      this.cut(staying, others.slice(half), forMs);
      this.cut(misled, others.slice(0, half), forMs);
    }
  }

  /** Nodes take them for gone while they still bid: by their own clocks, their newest beat is younger. */
  private deafen(instances: readonly Instance[], byMs: number, forMs: number): void {
    for (const instance of instances)
      for (const { server } of instance.connections)
        this.linkFaults.hurt(instance, server, forMs, { areBeatsCut: true });
    this.serverFaults.stepAll(byMs);
  }

  private forget(
    staying: readonly Instance[],
    position: number,
    others: readonly number[],
    forMs: number,
  ): void {
    const forgetful = this.parts.spots.lossy(position);
    if (forgetful === undefined || !others.includes(forgetful)) return;
    this.cut(
      staying,
      others.filter((one) => one !== forgetful),
      OTHER_SIDE_VOTES_AFTER_MS + forMs,
    );
    this.cut(staying, [forgetful], OTHER_SIDE_VOTES_AFTER_MS + NOTED_AGAIN_MS);
    unlessHealed(this.parts, OTHER_SIDE_VOTES_AFTER_MS, () => {
      const server = this.parts.servers.find(({ index }) => index === forgetful);
      if (server !== undefined)
        this.serverFaults.strike(server, { kind: 'server is flushed', server: forgetful });
    });
  }

  private cut(instances: readonly Instance[], positions: readonly number[], forMs: number): void {
    for (const instance of instances) {
      for (const { position, server } of instance.connections) {
        if (positions.includes(position))
          this.linkFaults.hurt(instance, server, forMs, { isRequestCut: true, isReplyCut: true });
      }
    }
  }
}
