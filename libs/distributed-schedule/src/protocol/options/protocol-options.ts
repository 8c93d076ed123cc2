import { EARLY_MS } from '../contract/constants.js';
import { DistributedScheduleError } from '../contract/errors.js';
import { harmlessValue, shownValue } from './shown-value.js';

/** Durations of the protocol in ms, resolved and checked against each other. */
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

/** The one place where defaults stand. */
export const DEFAULTS: ProtocolOptions = Object.freeze({
  namespace: 'nest-schedule',
  leaseTtlMs: 3_000,
  bidLeadMs: 30,
  bidStaggerMs: 100,
  nodeTimeoutMs: 120,
  shutdownTimeoutMs: 10_000,
  driftFactor: 0.01,
  enabled: true,
});

/** How far the estimate of cluster time may be off for the relations below, in ms. */
export const CLOCK_ERROR_MS = 20;

/** Leases are renewed when this fraction of their time to live has passed. */
export const RENEWALS_PER_TTL = 3;

const LEAST_STAGGER_MS = 5;

/** Ranks beyond this one bid together with it: a tick has room for so many bids before it is late. */
export const LAST_RANK = 3;

const MAX_NAME_LENGTH = 200;
// Braces would move the hash tag of a Redis Cluster key; control characters make logs lie.
const FORBIDDEN_IN_NAMES = /[{}\p{Cc}]/u;

/**
 * Fills in the defaults and checks every value and the relations between them.
 * @throws DistributedScheduleError DSCHED_BAD_OPTION, DSCHED_DURATIONS
 */
export function resolveProtocolOptions(given: Partial<ProtocolOptions>): ProtocolOptions {
  const options: ProtocolOptions = {
    namespace: given.namespace ?? DEFAULTS.namespace,
    leaseTtlMs: given.leaseTtlMs ?? DEFAULTS.leaseTtlMs,
    bidLeadMs: given.bidLeadMs ?? DEFAULTS.bidLeadMs,
    bidStaggerMs: given.bidStaggerMs ?? DEFAULTS.bidStaggerMs,
    nodeTimeoutMs: given.nodeTimeoutMs ?? DEFAULTS.nodeTimeoutMs,
    shutdownTimeoutMs: given.shutdownTimeoutMs ?? DEFAULTS.shutdownTimeoutMs,
    driftFactor: given.driftFactor ?? DEFAULTS.driftFactor,
    enabled: given.enabled ?? DEFAULTS.enabled,
  };
  requireName('namespace', options.namespace);
  requireWhole('lease.ttlMs', options.leaseTtlMs, 300, 3_600_000);
  requireWhole('bids.leadMs', options.bidLeadMs, 0, EARLY_MS);
  requireWhole('bids.staggerMs', options.bidStaggerMs, LEAST_STAGGER_MS, 60_000);
  requireWhole('nodeTimeoutMs', options.nodeTimeoutMs, 5, 60_000);
  requireWhole('shutdownTimeoutMs', options.shutdownTimeoutMs, 0, 3_600_000);
  if (typeof options.enabled !== 'boolean') {
    throw badOption('enabled', options.enabled, 'true or false');
  }
  checkRelations(options);
  return Object.freeze(options);
}

/** @throws DistributedScheduleError DSCHED_BAD_OPTION when `name` cannot be part of a key. */
export function requireName(option: string, name: unknown): asserts name is string {
  const usable =
    typeof name === 'string' &&
    name !== '' &&
    name.length <= MAX_NAME_LENGTH &&
    !FORBIDDEN_IN_NAMES.test(name);
  if (!usable) {
    throw badOption(option, name, `1 to ${MAX_NAME_LENGTH} characters without braces and control characters`);
  }
}

function requireWhole(option: string, value: unknown, least: number, most: number): void {
  if (!Number.isInteger(value) || (value as number) < least || (value as number) > most) {
    throw badOption(option, value, `a whole number of milliseconds from ${least} to ${most}`);
  }
}

function badOption(option: string, value: unknown, expected: string): DistributedScheduleError {
  return new DistributedScheduleError(
    'DSCHED_BAD_OPTION',
    `option ${option} is ${shownValue(value)}; it takes ${expected}`,
    { value: harmlessValue(value) },
  );
}

function checkRelations(options: ProtocolOptions): void {
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

/** Above half the period a late start could come after its successor's. */
const LATENESS_SHARE = 0.4;
const LARGEST_SHARE = 0.5;
const LONGEST_LATENESS_MS = 30_000;

/**
 * How late a tick may start: `given`, else 0.4 of the period and at most 30 s.
 * @throws DistributedScheduleError DSCHED_DURATIONS when it exceeds half the period or leaves no room for the bids
 */
export function requireMaxLatenessMs(
  task: string,
  periodMs: number,
  bidStaggerMs: number,
  given: number | undefined,
): number {
  const latenessMs = given ?? maxLatenessMs(periodMs);
  if (given !== undefined && given > periodMs * LARGEST_SHARE) {
    throw new DistributedScheduleError(
      'DSCHED_DURATIONS',
      `maxLatenessMs must be at most half the period, or a late start can come after its successor: ` +
        `${given} > ${periodMs} / 2. Lower maxLatenessMs.`,
      { task, value: given },
    );
  }
  if (bidStaggerMs * LAST_RANK > latenessMs) throw tooShort(task, periodMs, bidStaggerMs, given);
  return latenessMs;
}

/** With the shortest period that would do, and the largest stagger. */
function tooShort(
  task: string,
  periodMs: number,
  bidStaggerMs: number,
  given: number | undefined,
): DistributedScheduleError {
  const neededMs = bidStaggerMs * LAST_RANK;
  const staggerMs = Math.floor((given ?? maxLatenessMs(periodMs)) / LAST_RANK);
  const lower = staggerMs < LEAST_STAGGER_MS ? '' : `, or lower bids.staggerMs to ${staggerMs}`;
  const why = `the bids of the next in rank come bids.staggerMs * ${LAST_RANK} = ${neededMs} ms after a tick at most, and must`;
  const message =
    given === undefined || neededMs > periodMs * LARGEST_SHARE
      ? `its ticks are ${periodMs} ms apart, and the shortest period is ${Math.ceil(neededMs / LATENESS_SHARE)} ms: ${why} come ` +
        `within ${LATENESS_SHARE} of the period, or they are too late. Schedule the task less often${lower}.`
      : `its maxLatenessMs is ${given}, and the least is ${neededMs}: ${why} come within it. Raise maxLatenessMs, which ` +
        `may be half the period (${periodMs} ms)${lower}.`;
  return new DistributedScheduleError('DSCHED_DURATIONS', message, { task, value: given ?? periodMs });
}

/** The derived lateness limit of a task that is due every `periodMs`. */
export function maxLatenessMs(periodMs: number): number {
  return Math.min(Math.floor(periodMs * LATENESS_SHARE), LONGEST_LATENESS_MS);
}
