/** A stage with its actors, and what can happen on it. */

import type { Cast } from './cast.js';
import type { Hazard } from './hazards/hazard.js';
import type { Nemesis } from './nemesis.js';

export interface Scene {
  readonly name: string;
  readonly cast: Cast;
  readonly hazards: readonly Hazard[];
  /** Those that a scene plays by itself. */
  readonly opening?: readonly Hazard[];
  readonly close: () => Promise<void>;
}

export interface SceneKind {
  readonly name: string;
  /** Its part of the campaign's time. */
  readonly share: number;
  /** Why there is no such scene on this machine. */
  readonly unavailable: () => string | undefined;
  readonly open: () => Promise<Scene>;
  /** What the nemesis does in about so long; resolves when everything is healed. */
  readonly play: (nemesis: Nemesis, scene: Scene, forMs: number) => Promise<void>;
  /** It can be played only for so long, and is opened anew for the rest of its time. */
  readonly longestMs?: number;
  /** The README promises nothing strong there: what is broken is counted, in a table of its own, and does not fail. */
  readonly isBestEffort?: boolean;
}
