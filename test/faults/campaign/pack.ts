/** A pack of cards, one for each hazard and moment: all come up equally often, in an order that the seed decides. */

import type { SeededRandom } from '#src/testing/seeded-random.js';
import type { Moment } from './account/incident.js';
import type { Hazard } from './hazards/hazard.js';

export interface Card {
  readonly hazard: Hazard;
  readonly moment: Moment;
}

export class Pack {
  private readonly drawn: Card[];
  private left: Card[] = [];

  constructor(
    hazards: readonly Hazard[],
    private readonly random: SeededRandom,
  ) {
    this.drawn = hazards.flatMap((hazard) =>
      Array.from({ length: hazard.share ?? 1 }, () =>
        hazard.moments.map((moment) => ({ hazard, moment })),
      ).flat(),
    );
  }

  draw(): Card {
    if (this.left.length === 0) this.left = this.shuffled();
    const card = this.left.pop();
    if (card === undefined) throw new Error('no hazards');
    return card;
  }

  /** For a card that could not be played now. */
  putBack(card: Card): void {
    this.left.splice(Math.floor(this.random.next() * this.left.length), 0, card);
  }

  private shuffled(): Card[] {
    const keyed = this.drawn.map((card) => [this.random.next(), card] as const);
    return keyed.sort(([one], [other]) => one - other).map(([, card]) => card);
  }
}
