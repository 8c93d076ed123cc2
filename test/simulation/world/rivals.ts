/** Another set of nodes beside that of the world, on some of its servers: a bad configuration, or a development machine. */

/** What may go wrong between two sets whose majorities need not meet, see {@link Rivals}. */
export interface RivalPlan {
  /** Which of the shapes below. */
  readonly shape: number;
  readonly trouble: 'forgetful' | 'sleepy';
  /** How many instances of the other set are there from the start. */
  readonly instances: number;
}

/** By the number of nodes of the world's own set; nodes after its last are there for the other set alone. */
const SHAPES: Readonly<Record<number, readonly (readonly number[])[]>> = {
  1: [
    [0, 1, 2],
    [0, 1, 2, 3, 4],
  ],
  3: [[0], [1], [0, 1, 3], [0, 3, 4], [0, 1, 2, 3, 4], [0, 1, 2, 3]],
  5: [[0], [0, 1, 2], [0, 5, 6], [0, 1, 2, 3, 5]],
};

/**
 * Where the majorities of two sets need not meet, nothing is promised while a node of both has forgotten and instances of one set
 * cannot reach it or are suspended: no rule about majorities can promise it. So either nodes of both keep their memory, or instances
 * are never away for as long as a member lives.
 */
export class Rivals {
  readonly positions: readonly number[];

  constructor(
    private readonly own: number,
    private readonly plan: RivalPlan | undefined,
  ) {
    const shapes = SHAPES[own] ?? [];
    this.positions = plan === undefined ? [] : (shapes[plan.shape % shapes.length] ?? []);
  }

  /** Positions that only the other set knows. */
  get added(): readonly number[] {
    return this.positions.filter((position) => position >= this.own);
  }

  /** Positions of both sets. */
  get common(): readonly number[] {
    return this.positions.filter((position) => position < this.own);
  }

  /** Whether the server at this position may forget. */
  mayForget(position: number): boolean {
    if (this.plan?.trouble !== 'sleepy') return true;
    return !this.positions.includes(position) || position >= this.own;
  }

  /** How long an instance may be away, asked for so long, ms. */
  mostAwayMs(askedMs: number): number {
    return this.plan?.trouble === 'forgetful' ? Math.min(askedMs, MAX_AWAY_MS) : askedMs;
  }
}

/** A member lives for 3 s, beats once a second, and an answer may be lost. */
const MAX_AWAY_MS = 500;
