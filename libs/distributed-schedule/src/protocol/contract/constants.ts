/** They stand in the claim script, not in its arguments, or one instance could burn future ticks. A change is a new version. */

/** Stands in every ledger; other versions are refused by name. Raise it when stored data, or what builds rely on, changes. */
export const PROTOCOL_VERSION = 1;

/** How far ahead of its own clock a node grants a tick. */
export const EARLY_MS = 100;

/** How far a node's clock may step back across a loss of its memory. */
export const MARGIN_MS = 900;

/** An instance without a beat for this long, in node time, is no member. */
export const MEMBER_TTL_MS = 3_000;

/** Members without a beat for this long are removed; the set expires with its last member. */
export const FORGET_MEMBER_AFTER_MS = 10_000;

/** A dead holder's lock is freed after this: three times a reconnect, and early enough for a bid at T + stagger. */
export const PRESENCE_GRACE_MS = 150;
