import { isListOfLabels, LABELS_EXPECTED } from '../protocol/members/labels.js';
import { type OptionNames, requireKnownOptions, requireNoNull } from '../protocol/options/option-names.js';
import {
  action,
  badOption,
  count,
  FLAG,
  KEY_PART,
  methods,
  namesOf,
  type OptionSpec,
  oneOf,
  optional,
  requireOption,
  resolveOptions,
  text,
  whole,
} from '../protocol/options/option-spec.js';
import { type ProtocolOptions, resolveProtocolOptions } from '../protocol/options/protocol-options.js';
import type { RedisInput } from '../redis/connection/redis-input.js';
import type { FoundApp } from '../system/app-name.js';
import { PRECISIONS } from '../system/system-clock.js';
import { requireTaskDefaults } from '../tasks/task-policies.resolver.js';
import { allowed, TASK_POLICY_OPTION_NAMES, type TaskPolicyOptions } from '../tasks/task-policy-options.js';
import type { DistributedScheduleOptions } from './distributed-schedule-options.js';
import { ALONE, requireApp, requireInstanceId, requireNamespace } from './identity-options.js';
import { isReplaced, nodesOf, requireMemoryMeant } from './store-options.js';

const MODULE = 'DistributedScheduleModule';

/** Below that the way of an answer, and what a machine does beside, may look like a wrong clock. */
const MIN_REFUSED_SKEW_MS = 1_000;
/** Shorter, and a rolling restart of the masters would be taken for one that never ends. */
const MIN_IDENTITY_WAIT_MS = 3_000;
const NAME_OF_SET = /^[0-9a-f]{8}$/;

/** What is checked by itself and kept as it is. */
type CheckedOptions = Required<
  Pick<
    DistributedScheduleOptions,
    | 'labels'
    | 'precision'
    | 'nodeSetGeneration'
    | 'identityWaitMs'
    | 'waitReplicas'
    | 'followMoreFrequent'
    | 'observers'
  >
> &
  Pick<
    DistributedScheduleOptions,
    'deploymentKey' | 'onError' | 'lockProvider' | 'tickLedger' | 'takeOver' | 'refuseSkewMs'
  >;

const SPEC: OptionSpec<CheckedOptions> = {
  labels: optional({ takes: LABELS_EXPECTED, accepts: isListOfLabels }, []),
  precision: optional(oneOf(PRECISIONS), 'exact'),
  deploymentKey: KEY_PART,
  followMoreFrequent: optional(FLAG, false),
  onError: action('a function of an error and the failed attempt'),
  lockProvider: methods('tryAcquire', 'extend', 'release'),
  tickLedger: methods('claim', 'giveBack', 'peek'),
  nodeSetGeneration: optional(count(1), 1),
  identityWaitMs: optional(
    {
      takes: `${whole(MIN_IDENTITY_WAIT_MS).takes}, or Infinity`,
      accepts: (value) => value === Number.POSITIVE_INFINITY || whole(MIN_IDENTITY_WAIT_MS).accepts(value),
    },
    30_000,
  ),
  takeOver: text('the 8 hex digits by which a message has named a set of nodes', (name) =>
    NAME_OF_SET.test(name),
  ),
  waitReplicas: optional(count(0), 0),
  refuseSkewMs: count(MIN_REFUSED_SKEW_MS),
  observers: optional({ takes: 'a list of observers', accepts: Array.isArray }, []),
};

const OPTION_NAMES: OptionNames = {
  ...allowed<DistributedScheduleOptions>('redis', 'memory', 'namespace', 'app', 'instanceId'),
  lease: { ttlMs: true },
  bids: { leadMs: true, staggerMs: true },
  ...allowed<DistributedScheduleOptions>('nodeTimeoutMs', 'shutdownTimeoutMs', 'enabled'),
  tasks: TASK_POLICY_OPTION_NAMES,
  ...namesOf(SPEC),
};

/** The options with defaults filled in and everything checked that can be checked without a store. */
export interface ModuleOptions extends CheckedOptions {
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
  /** The policies of tasks that do not say otherwise. */
  readonly tasks: TaskPolicyOptions;
  /** A test, or the environment, keeps the app away from the nodes that it was given: the memory backend is meant. */
  readonly isKeptAway?: true;
}

/**
 * `makeInstanceId` and `findApp` are asked where no name is given; `environment` is NODE_ENV.
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
  const { namespace, lease, bids, nodeTimeoutMs, shutdownTimeoutMs, enabled, tasks = {} } = given;
  const protocol = resolveProtocolOptions({
    ...{ namespace, nodeTimeoutMs, shutdownTimeoutMs, enabled },
    ...{ leaseTtlMs: lease?.ttlMs, bidLeadMs: bids?.leadMs, bidStaggerMs: bids?.staggerMs },
  });
  const knownApp = requireApp(given, findApp);
  const instanceId: unknown = given.instanceId ?? makeInstanceId();
  requireInstanceId(instanceId);
  const checked = resolveOptions({}, given, SPEC);
  for (const option of ['waitReplicas', 'refuseSkewMs'] as const)
    requireOneNode(option, checked[option] ?? 0, redis?.length ?? 0);
  requireTaskDefaults(tasks);
  for (const observer of checked.observers) requireOption({}, 'observers', observer, methods('observe'));
  return {
    ...{ ...checked, protocol, redis, tasks, instanceId, knownApp, givenNamespace: namespace },
    isMemoryMeant: given.memory === true || isReplaced(given),
    app: knownApp ?? ALONE,
    labels: [...new Set(checked.labels)].sort(),
  };
}

function requireOneNode(option: 'waitReplicas' | 'refuseSkewMs', value: number, nodes: number): void {
  if (value === 0 || nodes === 1) return;
  const takes = option === 'waitReplicas' ? '0' : 'no value';
  throw badOption({}, option, value, `${takes} unless \`redis\` is one node; there are ${nodes}`);
}
