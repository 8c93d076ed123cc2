import { EARLY_MS } from '../contract/constants.js';
import { DistributedScheduleError } from '../contract/errors.js';
import {
  between,
  defaultsOf,
  FLAG,
  type Given,
  KEY_PART,
  type OptionSpec,
  optional,
  resolveOptions,
  whole,
} from './option-spec.js';

/** Durations of the protocol, resolved and checked against each other. */
export interface ProtocolOptions {
  /** Key prefix in the store; instances with the same namespace and nodes form one cluster. */
  readonly namespace: string;
  readonly leaseTtlMs: number;
  readonly bidLeadMs: number;
  readonly bidStaggerMs: number;
  readonly nodeTimeoutMs: number;
  readonly shutdownTimeoutMs: number;
  /** Assumed bound of the rate error between this process's monotonic clock and a node's clock. */
  readonly driftFactor: number;
  /** When false this instance registers its tasks but never bids. */
  readonly enabled: boolean;
}

const MAX_MS = 3_600_000;
const MAX_WAIT_MS = 60_000;

/** Ranks from this one on bid together: a tick has no room for more ranked bids before it is late. */
export const LAST_RANK = 3;

export const MIN_STAGGER_MS = 5;

const SPEC: OptionSpec<ProtocolOptions> = {
  namespace: optional(KEY_PART, 'nest-schedule'),
  leaseTtlMs: { ...optional(whole(300, MAX_MS), 3_000), path: 'lease.ttlMs' },
  bidLeadMs: { ...optional(whole(0, EARLY_MS), 30), path: 'bids.leadMs' },
  bidStaggerMs: { ...optional(whole(MIN_STAGGER_MS, MAX_WAIT_MS), 100), path: 'bids.staggerMs' },
  nodeTimeoutMs: optional(whole(5, MAX_WAIT_MS), 120),
  shutdownTimeoutMs: optional(whole(0, MAX_MS), 10_000),
  driftFactor: optional(between(0, 1), 0.01),
  enabled: optional(FLAG, true),
};

export const DEFAULTS: ProtocolOptions = defaultsOf(SPEC);

/** How far the estimate of cluster time may be off for the relations below. */
export const CLOCK_ERROR_MS = 20;

/** Leases are renewed when this fraction of their time to live has passed. */
export const RENEWALS_PER_TTL = 3;

/** With defaults, values and relations checked. @throws DistributedScheduleError DSCHED_BAD_OPTION, DSCHED_DURATIONS */
export function resolveProtocolOptions(given: Given<ProtocolOptions>): ProtocolOptions {
  const options = resolveOptions({}, given, SPEC);
  requireRelations(options);
  return options;
}

function requireRelations(options: ProtocolOptions): void {
  const { leaseTtlMs, nodeTimeoutMs, bidLeadMs, driftFactor } = options;
  const driftMs = Math.ceil(leaseTtlMs * driftFactor);
  const renewalMs = leaseTtlMs / RENEWALS_PER_TTL;
  if (nodeTimeoutMs + driftMs >= renewalMs) {
    throw new DistributedScheduleError(
      'DSCHED_DURATIONS',
      `nodeTimeoutMs + drift must stay below lease.ttlMs / ${RENEWALS_PER_TTL}, or one silent node costs the lease: ` +
        `${nodeTimeoutMs} + ${driftMs} >= ${leaseTtlMs} / ${RENEWALS_PER_TTL} = ${renewalMs.toFixed(0)}. ` +
        'Raise lease.ttlMs or lower nodeTimeoutMs.',
      { value: nodeTimeoutMs },
    );
  }
  if (bidLeadMs + CLOCK_ERROR_MS >= EARLY_MS) {
    throw new DistributedScheduleError(
      'DSCHED_DURATIONS',
      `bids.leadMs + clock error must stay below EARLY, or nodes refuse bids as early: ` +
        `${bidLeadMs} + ${CLOCK_ERROR_MS} >= ${EARLY_MS}. Lower bids.leadMs.`,
      { value: bidLeadMs },
    );
  }
}
