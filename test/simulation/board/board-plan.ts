/** What happens to the boards of a simulated cluster: one mishap after the other, days long, and what is decided meanwhile. */

import { SeededRandom } from '#src/testing/seeded-random.js';

export const NODES = 3;
export const BOARDS = 3;

const HOUR_MS = 3_600_000;

export type Loss = 'flush' | 'restart' | 'records' | 'changes' | 'expiry' | 'runs';

interface Lasting {
  readonly durationMs: number;
}

export type Episode =
  /** Nobody reaches the node, or one board only, which reaches no other. Then it is back, or restarts from its file. */
  | (Lasting & {
      readonly kind: 'away';
      readonly node: number;
      readonly companion: number | undefined;
      readonly restarts: boolean;
    })
  /** A machine stands still, with the node beside it or without, and with something that it was about to put. */
  | (Lasting & {
      readonly kind: 'suspended';
      readonly board: number;
      readonly beside: number | undefined;
      readonly isPutting: boolean;
    })
  /** One node goes first, then everything is down, and others come. */
  | (Lasting & { readonly kind: 'down'; readonly node: number | undefined; readonly aheadMs: number })
  | { readonly kind: 'lost'; readonly node: number; readonly how: Loss }
  /** So many runs of tasks of which nobody has heard before. */
  | { readonly kind: 'runs'; readonly board: number; readonly count: number };

export interface BoardPlan {
  readonly seed: number;
  /** How much later the nodes answer, ms. */
  readonly delaysMs: readonly number[];
  readonly episodes: readonly Episode[];
}

export function makeBoardPlan(seed: number): BoardPlan {
  const random = new SeededRandom(seed);
  const below = (end: number): number => Math.floor(random.next() * end);
  const pick = <T>(...choices: readonly T[]): T => choices[below(choices.length)] as T;
  const durationMs = (): number => pick(1, 10, 14, 26, 30, 50) * HOUR_MS;
  const episode = (): Episode => {
    const kind = pick(
      'away' as const,
      'away' as const,
      'suspended' as const,
      'down' as const,
      'lost' as const,
      'runs' as const,
    );
    switch (kind) {
      case 'away': {
        const companion = pick(undefined, undefined, 0, 1, 2);
        return { kind, node: below(NODES), companion, restarts: pick(true, false), durationMs: durationMs() };
      }
      case 'suspended': {
        const beside = pick(undefined, 0, 1, 2);
        return { kind, board: below(BOARDS), beside, isPutting: pick(true, false), durationMs: durationMs() };
      }
      case 'down': {
        const node = pick(undefined, 0, 1, 2);
        return { kind, node, aheadMs: pick(1, 2, 30) * HOUR_MS, durationMs: durationMs() };
      }
      case 'lost': {
        const how = pick<Loss>('flush', 'restart', 'records', 'changes', 'expiry', 'runs');
        return { kind, node: below(NODES), how };
      }
      case 'runs':
        return { kind, board: below(BOARDS), count: pick(5, 40, 120) };
      default:
        return kind satisfies never;
    }
  };
  return {
    seed,
    delaysMs: Array.from({ length: NODES }, () => pick(0, 0, 40, 110)),
    episodes: Array.from({ length: 3 + below(4) }, episode),
  };
}
