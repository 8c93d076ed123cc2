/** Makes a name mean another server, and some time later the old one again. */

import type { FaultOf } from './fault.js';
import type { Server } from './server.js';
import type { Instance } from './simulated-instance.js';
import { unlessHealed } from './unless-healed.js';
import type { WorldParts } from './world-parts.js';

type Move = FaultOf<'name moves'>;

export class NameFaults {
  private readonly moved = new Set<number>();

  constructor(
    private readonly parts: WorldParts,
    private readonly living: () => readonly Instance[],
    private readonly startServer: (position: number, host?: Server) => Server,
  ) {}

  strike(fault: Move): void {
    const position = this.parts.spots.forked(fault.server);
    if (position === undefined || this.moved.has(position)) return;
    this.parts.history.count(`a name moves to another server: ${fault.content}`);
    const living = this.living();
    const misled = living[fault.instance % Math.max(1, living.length)];
    const onlyFor = fault.who === 'one' ? misled?.id : undefined;
    if (fault.who === 'one' && onlyFor === undefined) return;
    this.moved.add(position);
    this.parts.history.count(`a name moves for ${fault.who}`);
    const old = this.parts.names.resolve(onlyFor ?? '', position);
    this.move(this.otherThan(old, fault), fault.resets, onlyFor);
    unlessHealed(this.parts, fault.forMs, () => {
      this.moved.delete(position);
      this.parts.history.count('a name moves back');
      this.move(old, fault.resetsBack, onlyFor);
    });
  }

  /** @param resets a bit for each living instance: whether its connection is reset, and comes to mean the new server */
  private move(to: Server, resets: number, onlyFor: string | undefined): void {
    this.parts.names.move(to, onlyFor);
    this.parts.history.note(() => `the name of ${to.label} means it now for ${onlyFor ?? 'all'}`);
    for (const [index, instance] of this.living().entries()) {
      const isReset = onlyFor === undefined ? ((resets >> index) & 1) === 1 : instance.id === onlyFor;
      const old = instance.connections.find(({ position }) => position === to.position)?.server;
      if (!isReset || old === undefined || old === to) continue;
      this.parts.presences.lose(instance, old);
      this.parts.presences.restore(instance, old);
    }
  }

  /** The server that the name did not mean; a new one knows nothing, or is a copy of the old. */
  private otherThan(old: Server, { content }: Move): Server {
    const known = this.parts.names.otherOf(old.position);
    if (known === old) return this.parts.servers.find(({ index }) => index === old.position) ?? old;
    if (known !== undefined) return known;
    const other = this.startServer(old.position, content === 'database' ? old : undefined);
    this.parts.names.add(other);
    if (content === 'replica' || content === 'file') other.copyFrom(old, content);
    return other;
  }
}
