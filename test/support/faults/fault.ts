/** Something bad that a test does to a real process or connection, proves to have done, and undoes. */
export interface Fault {
  /** A few words for the report, e.g. `redis 2 frozen`. */
  readonly name: string;
  /** Why it cannot be done on this machine, in one line; undefined when it can. */
  unavailable(): string | undefined;
  /** Strikes, waits until it is seen to have taken effect, and resolves to what was seen. */
  strike(): Promise<string>;
  /** Undoes it and waits until that is seen. Nothing to do when it did not strike. */
  heal(): Promise<void>;
}

export interface FaultSteps {
  readonly name: string;
  readonly strike: () => Promise<string>;
  /** Absent: nothing stays behind that could be undone. */
  readonly heal?: () => Promise<unknown>;
  readonly unavailable?: () => string | undefined;
}

/** A fault that heals only what struck, and only once. */
export function faultOf(steps: FaultSteps): Fault {
  let struck = false;
  const unavailable = steps.unavailable ?? (() => undefined);
  return {
    name: steps.name,
    unavailable,
    strike: async () => {
      const reason = unavailable();
      if (reason !== undefined) throw new Error(`${steps.name}: ${reason}`);
      // Before the first step: what fails half-way has to be undone as well.
      struck = true;
      return await steps.strike();
    },
    heal: async () => {
      if (!struck) return;
      struck = false;
      await steps.heal?.();
    },
  };
}

const POLL_EVERY_MS = 5;

/** Resolves when `isMet` says so; an error counts as "not yet" and is named when the time is up. */
export async function eventually(
  what: string,
  isMet: () => boolean | Promise<boolean>,
  withinMs = 5_000,
): Promise<void> {
  const deadlineMs = performance.now() + withinMs;
  for (;;) {
    let cause: unknown;
    try {
      if (await isMet()) return;
    } catch (error) {
      cause = error;
    }
    if (performance.now() > deadlineMs) {
      const why = cause instanceof Error ? ` (${cause.message})` : '';
      throw new Error(`${what}: not seen within ${withinMs} ms${why}`, { cause });
    }
    await sleepMs(POLL_EVERY_MS);
  }
}

/** Whether the answer fails to come in time. An answer that is an error is an answer. */
export async function staysSilent(call: Promise<unknown>, forMs: number): Promise<boolean> {
  const answered = call.then(
    () => false,
    () => false,
  );
  return await Promise.race([answered, sleepMs(forMs).then(() => true)]);
}

export function sleepMs(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}
