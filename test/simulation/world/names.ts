/**
 * Which server stands behind which name, and for whom. A name may come to mean another server while the old one lives on and
 * keeps its connections: DNS, a virtual IP, a proxy, a Service; for everybody, or for one instance whose resolver is wrong.
 */

import { SINGLE_POSITION } from '#src/protocol/contract/node-set.js';
import type { Server } from './server.js';

/** One instance's connection at one position of its set. It stays with its server until it ends. */
export interface Connection {
  readonly position: number;
  /** What the position is called in the node set. */
  readonly name: string;
  server: Server;
  /** How often it has come to another server. */
  moves: number;
  /** Whoever is told that it is there again. */
  onBack: () => void;
}

export function nameOf(position: number): string {
  return `n${position + 1}`;
}

export class Names {
  /** By position. */
  private readonly meant: Server[];
  private readonly others = new Map<number, Server>();
  /** By instance and position. */
  private readonly wrong = new Map<string, Server>();

  /** @param servers the first of each position, in order */
  constructor(servers: readonly Server[]) {
    this.meant = [...servers];
  }

  resolve(instanceId: string, position: number): Server {
    const server = this.wrong.get(`${instanceId} ${position}`) ?? this.meant[position];
    if (server === undefined) throw new Error(`no server at position ${position}`);
    return server;
  }

  connect(instanceId: string, positions: readonly number[]): readonly Connection[] {
    const isAlone = positions.length === 1;
    return positions.map((position) => ({
      position,
      name: isAlone ? SINGLE_POSITION : nameOf(position),
      server: this.resolve(instanceId, position),
      moves: 0,
      onBack: () => {},
    }));
  }

  /** The second server of a position, once there is one. */
  otherOf(position: number): Server | undefined {
    return this.others.get(position);
  }

  add(other: Server): void {
    this.others.set(other.position, other);
  }

  /** From now on the name means this server, for one instance or for all. Connections stay where they are. */
  move(server: Server, instanceId?: string): void {
    if (instanceId === undefined) this.meant[server.position] = server;
    else this.wrong.set(`${instanceId} ${server.position}`, server);
  }

  /** What the name means for all it means for this instance again. */
  correct(instanceId: string, position: number): void {
    this.wrong.delete(`${instanceId} ${position}`);
  }

  /** Every resolver is right again; what the names mean by now stays. */
  heal(): void {
    this.wrong.clear();
  }
}
