/** Makes a name mean another server, and some time later the old one again. */

import type { FaultOf, Newcomer } from './fault.js';
import type { LinkFaults } from './link-faults.js';
import type { Server } from './server.js';
import type { Instance, Join } from './simulated-instance.js';
import { unlessHealed } from './unless-healed.js';
import type { WorldParts } from './world-parts.js';

type Move = FaultOf<'name moves'>;

/** Its first beat has been answered by then, or never will be, and the second is not due yet. */
const FIRST_BEAT_MS = 300;

export class NameFaults {
  private readonly moved = new Set<number>();

  constructor(
    private readonly parts: WorldParts,
    private readonly living: () => readonly Instance[],
    private readonly startServer: (position: number, host?: Server) => Server,
    private readonly join: Join,
    private readonly linkFaults: LinkFaults,
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
    this.move(this.otherThan(old, fault.content), fault.resets, onlyFor);
    const { newcomer } = fault;
    if (newcomer !== undefined && fault.who === 'all')
      unlessHealed(this.parts, newcomer.afterMs, () => this.joinAt(old, newcomer));
    unlessHealed(this.parts, fault.forMs, () => {
      this.moved.delete(position);
      this.parts.history.count('a name moves back');
      this.move(old, fault.resetsBack, onlyFor);
    });
  }

  /**
   * Leads some instances to the other server of a position, for a while.
   * @returns undefined where no name may move, or this one has moved already
   */
  lead(
    misled: readonly Instance[],
    nth: number,
    content: Move['content'],
    forMs: number,
  ): number | undefined {
    const position = this.parts.spots.forked(nth);
    if (position === undefined || this.moved.has(position)) return undefined;
    this.moved.add(position);
    const old = this.parts.names.resolve('', position);
    const other = this.otherThan(old, content);
    for (const { id } of misled) this.move(other, 0, id);
    unlessHealed(this.parts, forMs, () => {
      this.moved.delete(position);
      for (const { id } of misled) this.move(old, 0, id);
    });
    return position;
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

  private joinAt(old: Server, { cut, forMs, deafBeats }: Newcomer): void {
    const { names, instances, history } = this.parts;
    const id = `i${instances.length + 1}`;
    names.move(old, id);
    this.join(1);
    const instance = instances.at(-1);
    if (instance?.id !== id) throw new Error(`${id} has not joined`);
    history.count('a newcomer is led to the old server');
    for (const { position, server } of instance.connections) {
      const isCut = position !== old.position && ((cut >> position) & 1) === 1;
      if (isCut) this.linkFaults.hurt(instance, server, forMs, { isRequestCut: true, isReplyCut: true });
    }
    unlessHealed(this.parts, FIRST_BEAT_MS, () =>
      this.linkFaults.loseAnswers(instance, {
        call: 'beat',
        from: 'all',
        server: 0,
        count: deafBeats,
        lateMs: 0,
        isReset: false,
      }),
    );
    unlessHealed(this.parts, forMs, () => names.correct(id, old.position));
  }

  /** The server that the name did not mean; a new one knows nothing, or is a copy of the old. */
  private otherThan(old: Server, content: Move['content']): Server {
    const known = this.parts.names.otherOf(old.position);
    if (known === old) return this.parts.servers.find(({ index }) => index === old.position) ?? old;
    if (known !== undefined) return known;
    const other = this.startServer(old.position, content === 'database' ? old : undefined);
    this.parts.names.add(other);
    if (content === 'replica' || content === 'file') other.copyFrom(old, content);
    return other;
  }
}
