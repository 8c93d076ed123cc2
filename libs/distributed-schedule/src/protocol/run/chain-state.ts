/** Where a chain of runs stands, and why ticks end that have waited for it. */

import type { DueTick } from '../contract/due-tick.js';
import type { EndedTick, Ending } from './tick-end.js';

/** A tick that starts, with the claim that won it. */
export interface ChainedTick {
  readonly due: DueTick;
  readonly claimId: string;
}

export interface Choice {
  readonly start: DueTick | undefined;
  readonly ended: readonly EndedTick[];
}

export type ChainState =
  /** A tick runs, or waits for its next attempt. */
  | { readonly phase: 'running' }
  /** It has ended. `claiming`: the tick that waited, and is being claimed. */
  | { readonly phase: 'choosing'; readonly endedMs: number; readonly claiming?: DueTick }
  /** Nothing is started any more: what comes due is contested, and not left waiting for nobody. */
  | { readonly phase: 'ending'; readonly why: 'aborted' | 'nothing_left' }
  /** The same, though the handler goes on. `returned` aborts when it has returned. */
  | { readonly phase: 'ending'; readonly why: 'given_up'; readonly returned: AbortSignal };

export const PASSED_OVER: Ending = { outcome: 'overlap', detail: 'the run that it waited for took too long' };
export const ANOTHER_WAITS: Ending = { outcome: 'overlap', detail: 'another tick is buffered already' };
export const NOT_DUE_ANY_MORE: Ending = {
  outcome: 'stopped',
  detail: 'its task was removed, paused or scheduled anew meanwhile',
};

/** Why a tick that has waited starts neither here nor now. */
export function whyLeftBehind(state: ChainState, isStopping: boolean, isTrusted: boolean): Ending {
  if (isStopping) return { outcome: 'stopped', detail: 'this instance starts nothing any more' };
  return { outcome: 'overlap', detail: `the run that it waited for ${whyOver(state, isTrusted)}` };
}

function whyOver(state: ChainState, isTrusted: boolean): string {
  const why = state.phase === 'ending' ? state.why : undefined;
  if (why === 'given_up') return 'was given up';
  return why === 'aborted' && isTrusted ? 'is to be made again' : 'lost its lease';
}
