/** So long after the last fault every tick must run, ms: clocks are slewed, locks of the dead expire. */
export const LIVE_AFTER_MS = 6_000;

/** Then nothing at all happens for so long, ms, before instances die: views of who is alive differ again then. */
export const QUIET_MS = 5_000;
