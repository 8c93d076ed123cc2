/** Ends a sleep or a run. An AbortController costs several microseconds and a dozen objects: inside, none is made for each run. */

/** What is used of an AbortSignal, which is one. */
export interface StopSignal {
  readonly aborted: boolean;
  readonly reason: unknown;
  addEventListener(type: 'abort', listener: () => void, options?: { readonly once?: boolean }): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** Controller and signal in one. Listeners are called in their order, once, before `abort` returns. */
export class Stop implements StopSignal {
  private isAborted = false;
  private why: unknown;
  private listeners: Set<() => void> | undefined;

  get aborted(): boolean {
    return this.isAborted;
  }

  get reason(): unknown {
    return this.why;
  }

  /** The first reason stands. */
  abort(reason: unknown): void {
    if (this.isAborted) return;
    this.isAborted = true;
    this.why = reason;
    // One that is removed by another on the way is not called any more.
    for (const listener of this.listeners ?? []) listener();
    this.listeners = undefined;
  }

  addEventListener(_type: 'abort', listener: () => void): void {
    if (this.isAborted) return;
    this.listeners ??= new Set();
    this.listeners.add(listener);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    this.listeners?.delete(listener);
  }
}
