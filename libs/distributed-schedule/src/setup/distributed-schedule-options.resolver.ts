import type { HandlerErrorHook } from '../messages/handler-failure.js';
import { DistributedScheduleError } from '../protocol/contract/errors.js';
import type { ScheduleObserver } from '../protocol/contract/observer.js';
import type { LockProvider, TickLedger } from '../protocol/contract/ports.js';
import { isListOfLabels, LABELS_EXPECTED } from '../protocol/members/labels.js';
import {
  type ProtocolOptions,
  requireName,
  resolveProtocolOptions,
} from '../protocol/options/protocol-options.js';
import { harmlessValue, shownValue } from '../protocol/options/shown-value.js';
import type { RedisInput } from '../redis/connection/redis-input.js';
import type { FoundApp } from '../system/app-name.js';
import { type OptionNames, requireKnownOptions, requireNoNull } from '../tasks/option-names.js';
import { requireTaskDefaults } from '../tasks/task-policies.resolver.js';
import { TASK_POLICY_OPTION_NAMES, type TaskPolicyOptions } from '../tasks/task-policy-options.js';
import type { DistributedScheduleOptions } from './distributed-schedule-options.js';
import { type ElectorateOptions, resolveElectorateOptions } from './electorate-options.resolver.js';
import { ALONE, requireApp, requireInstanceId, requireNamespace } from './identity-options.js';
import { isReplaced, nodesOf, requireMemoryMeant } from './store-options.js';

const MODULE = 'DistributedScheduleModule';

/** Below that the way of an answer, and what a machine does beside, may look like a wrong clock. */
const LEAST_REFUSED_SKEW_MS = 1_000;

const OPTION_NAMES: OptionNames = {
  redis: true,
  memory: true,
  namespace: true,
  app: true,
  instanceId: true,
  labels: true,
  lease: { ttlMs: true },
  bids: { leadMs: true, staggerMs: true },
  nodeTimeoutMs: true,
  shutdownTimeoutMs: true,
  enabled: true,
  tasks: TASK_POLICY_OPTION_NAMES,
  deploymentKey: true,
  followMoreFrequent: true,
  onError: true,
  lockProvider: true,
  tickLedger: true,
  nodeSetGeneration: true,
  identityWaitMs: true,
  takeOver: true,
  waitReplicas: true,
  refuseSkewMs: true,
  observers: true,
};

/** The options with defaults filled in and everything checked that can be checked without a store. */
export interface ModuleOptions {
  readonly protocol: ProtocolOptions;
  /** Undefined for the memory backend. An empty list is a mistake, most likely a variable that is not set. */
  readonly redis: readonly RedisInput[] | undefined;
  /** The memory backend is meant: nobody has to be warned of it. */
  readonly isMemoryMeant: boolean;
  /** As given; undefined where the memory backend's default counts, which tells no environment from another. */
  readonly givenNamespace: string | undefined;
  /** Which application this is. */
  readonly app: string;
  /** The same; undefined where nothing names it, and the memory backend makes do with a word that names no application. */
  readonly knownApp: string | undefined;
  readonly instanceId: string;
  /** Sorted, each once. */
  readonly labels: readonly string[];
  readonly lockProvider: LockProvider | undefined;
  readonly tickLedger: TickLedger | undefined;
  readonly nodeSetGeneration: number;
  readonly electorate: ElectorateOptions;
  readonly waitReplicas: number;
  /** Undefined: no skew is refused. */
  readonly refuseSkewMs: number | undefined;
  readonly observers: readonly ScheduleObserver[];
  /** The policies of tasks that do not say otherwise. */
  readonly tasks: TaskPolicyOptions;
  readonly deploymentKey: string | undefined;
  readonly followMoreFrequent: boolean;
  readonly onError: HandlerErrorHook | undefined;
  /** A test, or the environment, keeps the app away from the nodes that it was given: the memory backend is meant. */
  readonly isKeptAway?: true;
}

/**
 * @param makeInstanceId names this process where no name is given
 * @param findApp looks for the application's name where none is given
 * @param environment what NODE_ENV says
 * @throws DistributedScheduleError DSCHED_UNKNOWN_OPTION, DSCHED_BAD_OPTION, DSCHED_BAD_REDIS, DSCHED_MEMORY_IN_PRODUCTION,
 * DSCHED_NO_NAMESPACE, DSCHED_NO_APP, DSCHED_DURATIONS
 */
export function resolveModuleOptions(
  given: DistributedScheduleOptions,
  makeInstanceId: () => string,
  findApp: () => FoundApp,
  environment: string | undefined,
): ModuleOptions {
  requireKnownOptions(MODULE, given, OPTION_NAMES);
  const redis = nodesOf(given);
  requireNoNull(MODULE, given, OPTION_NAMES);
  requireNamespace(given);
  requireMemoryMeant(given, environment);
  const protocol = resolveProtocolOptions(
    withoutUndefined({
      namespace: given.namespace,
      leaseTtlMs: given.lease?.ttlMs,
      bidLeadMs: given.bids?.leadMs,
      bidStaggerMs: given.bids?.staggerMs,
      nodeTimeoutMs: given.nodeTimeoutMs,
      shutdownTimeoutMs: given.shutdownTimeoutMs,
      enabled: given.enabled,
    }),
  );
  const {
    lockProvider,
    tickLedger,
    nodeSetGeneration = 1,
    waitReplicas = 0,
    observers = [],
    tasks = {},
    followMoreFrequent = false,
  } = given;
  const knownApp = requireApp(given, findApp);
  const instanceId: unknown = given.instanceId ?? makeInstanceId();
  requireInstanceId(instanceId);
  const { labels = [] } = given;
  if (!isListOfLabels(labels)) throw badOption('labels', labels, LABELS_EXPECTED);
  requireMethods('lockProvider', lockProvider, ['tryAcquire', 'extend', 'release']);
  requireMethods('tickLedger', tickLedger, ['claim', 'giveBack', 'peek']);
  requireStoreTerms({ ...given, nodeSetGeneration, waitReplicas }, redis?.length ?? 0);
  if (!Array.isArray(observers)) throw badOption('observers', observers, 'a list of observers');
  requireTaskDefaults(tasks);
  if (given.onError !== undefined && typeof given.onError !== 'function') {
    throw badOption('onError', given.onError, 'a function of an error and the failed attempt');
  }
  if (typeof followMoreFrequent !== 'boolean')
    throw badOption('followMoreFrequent', followMoreFrequent, 'true or false');
  if (given.deploymentKey !== undefined) requireName('deploymentKey', given.deploymentKey);
  for (const observer of observers) requireMethods('observers', observer, ['observe']);
  return {
    protocol,
    redis,
    isMemoryMeant: given.memory === true || isReplaced(given),
    givenNamespace: given.namespace,
    app: knownApp ?? ALONE,
    knownApp,
    instanceId,
    labels: [...new Set(labels)].sort(),
    lockProvider,
    tickLedger,
    nodeSetGeneration,
    electorate: resolveElectorateOptions(given),
    waitReplicas,
    refuseSkewMs: given.refuseSkewMs,
    observers,
    tasks,
    deploymentKey: given.deploymentKey,
    followMoreFrequent,
    onError: given.onError,
  };
}

function requireStoreTerms(
  {
    nodeSetGeneration,
    waitReplicas,
    refuseSkewMs,
  }: Pick<ModuleOptions, 'nodeSetGeneration' | 'waitReplicas'> &
    Pick<DistributedScheduleOptions, 'refuseSkewMs'>,
  nodes: number,
): void {
  requireCount('nodeSetGeneration', nodeSetGeneration, 1);
  requireCount('waitReplicas', waitReplicas, 0);
  requireOneNode('waitReplicas', waitReplicas, nodes);
  if (refuseSkewMs === undefined) return;
  requireCount('refuseSkewMs', refuseSkewMs, LEAST_REFUSED_SKEW_MS);
  requireOneNode('refuseSkewMs', refuseSkewMs, nodes);
}

function requireMethods(option: string, value: object | undefined, methods: readonly string[]): void {
  if (value === undefined) return;
  const missing = methods.filter((name) => typeof Reflect.get(Object(value), name) !== 'function');
  if (missing.length > 0) {
    throw badOption(
      option,
      value,
      `an object with the methods ${methods.join(', ')}; missing: ${missing.join(', ')}`,
    );
  }
}

function requireCount(option: string, value: number, least: number): void {
  if (!Number.isSafeInteger(value) || value < least)
    throw badOption(option, value, `a whole number from ${least}`);
}

function requireOneNode(option: 'waitReplicas' | 'refuseSkewMs', value: number, nodes: number): void {
  if (value === 0 || nodes === 1) return;
  const expected = option === 'waitReplicas' ? '0' : 'no value';
  throw badOption(option, value, `${expected} unless \`redis\` is one node; there are ${nodes}`);
}

function badOption(option: string, value: unknown, expected: string): DistributedScheduleError {
  return new DistributedScheduleError(
    'DSCHED_BAD_OPTION',
    `option ${option} is ${shownValue(value)}; it takes ${expected}`,
    { value: harmlessValue(value) },
  );
}

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** Leaves out what is undefined, for types that tell absent from undefined. */
function withoutUndefined<T extends object>(given: T): Defined<T> {
  return Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined)) as Defined<T>;
}
