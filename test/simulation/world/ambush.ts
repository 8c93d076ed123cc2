/** Directed faults: they wait until an instance comes, for the n-th time, to a place where a fault hurts most. */

/**
 * - `claim`    it is about to send a node a claim
 * - `grant`    a node's vote for it has arrived
 * - `win`      a majority has: the moment between claim and start
 * - `start`    its handler has been called: the event loop blocks inside it
 * - `long run` the same, of a handler that takes long: others take over beside it
 * - `renewal`  it has sent a renewal
 * - `release`  it is about to release a lock
 * - `stamp`    it is about to put its set of nodes on record
 */
export type Place = 'claim' | 'grant' | 'win' | 'start' | 'long run' | 'renewal' | 'release' | 'stamp';

interface Trap {
  readonly place: Place;
  left: number;
  readonly spring: () => void;
}

export class Ambush {
  private traps: Trap[] = [];

  /** Springs when the place is reached for the n-th time from now on. */
  lay(place: Place, nth: number, spring: () => void): void {
    this.traps.push({ place, left: nth, spring });
  }

  reach(place: Place): void {
    if (this.traps.length === 0) return;
    for (const trap of this.traps) if (trap.place === place) trap.left -= 1;
    const sprung = this.traps.filter(({ left }) => left <= 0);
    this.traps = this.traps.filter(({ left }) => left > 0);
    for (const { spring } of sprung) spring();
  }

  clear(): void {
    this.traps = [];
  }
}
