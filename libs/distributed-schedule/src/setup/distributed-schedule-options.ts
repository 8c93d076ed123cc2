import type { HandlerErrorHook } from '../messages/handler-failure.js';
import type { ScheduleObserver } from '../protocol/contract/observer.js';
import type { LockProvider, TickLedger } from '../protocol/contract/ports.js';
import type { RedisInput } from '../redis/connection/redis-input.js';
import type { Precision } from '../system/system-clock.js';
import type { TaskPolicyOptions } from '../tasks/task-policy-options.js';

/** Options of `DistributedScheduleModule.forRoot`. All are optional; durations are whole milliseconds. */
export interface DistributedScheduleOptions {
  /**
   * The Redis masters that vote: one, or an odd number of independent ones. Each is an URL, the path of a socket, ioredis
   * options, or an ioredis client, which stays the caller's to close. Left out: an embedded memory backend, which coordinates
   * nothing beyond this process, with a warning, and under NODE_ENV=production an error: see `memory`. Given as `undefined` it is an error: a variable that is not set.
   */
  readonly redis?: RedisInput | readonly RedisInput[] | undefined;
  /**
   * `true`: the memory backend is meant, because this process is the only one. Needed where NODE_ENV is `production`, and spares
   * the warning elsewhere. Refused beside `redis`. Default false.
   */
  readonly memory?: boolean;
  /**
   * Key prefix: which environment this is, such as `shop-production`. Instances with the same namespace and nodes form one
   * cluster. Required with `redis`; for the memory backend `nest-schedule` is the default. 1 to 200 characters without braces.
   */
  readonly namespace?: string;
  /**
   * Which application this is. The definitions and decisions of another one are never followed, and a task name that two of
   * one namespace have belongs to the one that had it first. Default: the `name` in the package.json next above the main
   * module, else above the working directory; required with `redis` where there is none, or where it is that of a workspace
   * of several applications. Keep it over releases. 1 to 200 characters without braces.
   */
  readonly app?: string;
  /**
   * Names this process in logs and records. Must differ between the instances of a namespace; no whitespace. Default: host name,
   * process id and 12 random digits, such as `web-7d9f8-x2x4z-1-0123456789ab`.
   */
  readonly instanceId?: string;
  /**
   * What tasks with `runOn` and `weight` look for, such as `['eu', 'large']`: at most 16, each of 1 to 64 characters without
   * whitespace. Fixed for the life of the process. Default: none.
   */
  readonly labels?: readonly string[];
  readonly lease?: {
    /** Time to live of a run's lease; renewed at a third of it. Changed like the set of nodes. Default 3000. */
    readonly ttlMs?: number;
  };
  readonly bids?: {
    /** How long before a tick the first in rank bids, at least; up to 79 where bids have lately taken longer. Default 30. */
    readonly leadMs?: number;
    /** How long after the one before it the next in rank bids. Default 100. */
    readonly staggerMs?: number;
  };
  /**
   * How hard this instance tries to start runs at their very instant. `'exact'`: within 0.1 ms, for some 0.6 ms of the processor per
   * instant at which it runs something. `'timer'`: 1 to 2 ms late, as Node's timers are, for nothing. Default 'exact'.
   */
  readonly precision?: Precision;
  /** A node that has not answered for this long gives no vote. Up to three times as long where a majority answers late. Default 120. */
  readonly nodeTimeoutMs?: number;
  /** How long `app.close()` waits for running handlers before it aborts them. Default 10000. */
  readonly shutdownTimeoutMs?: number;
  /** When false, this instance checks and registers its tasks but never bids. Default true. */
  readonly enabled?: boolean;
  /** What every task does in awkward cases, unless its decorator says otherwise. */
  readonly tasks?: TaskPolicyOptions;
  /**
   * What timeouts run once for: a commit or build number has them run once per release, a constant once for ever. 1 to 200
   * characters without braces. Without it `@TimeoutExclusive` needs one of its own.
   */
  readonly deploymentKey?: string;
  /**
   * Whether older instances follow a newer version of this app that makes a task due more often. Without it they leave such a
   * task to the instances of the newer version, as long as one of them lives. Default false.
   */
  readonly followMoreFrequent?: boolean;
  /** Replaces the run locks of the backend. */
  readonly lockProvider?: LockProvider;
  /**
   * Replaces the ledger of the backend: what makes a tick run once. Timeouts run only if its peeks say `newest` and `highest`;
   * policies that look back need `newest`. See {@link TickLedger}.
   */
  readonly tickLedger?: TickLedger;
  /**
   * Raised by one whenever the set of nodes changes, which it may do by one node at a time, or `lease.ttlMs` does; then
   * the deployment is rolled. Above 1 an even number of nodes is allowed, as a step. Default 1.
   */
  readonly nodeSetGeneration?: number;
  /**
   * After this a new node votes, and a set starts, with a majority's word, and the log says so. What may run twice then:
   * docs/protocol/identity.md. `Infinity`: never. Default 30000.
   */
  readonly identityWaitMs?: number;
  /**
   * Name of a set of nodes that is on record and over, as the message of DSCHED_NODE_SET_CONFLICT shows it. The nodes of this
   * instance go on in its place. If one of its instances is only suspended, a tick may run twice when it wakes.
   */
  readonly takeOver?: string;
  /** Replicas that must acknowledge a claim; only with one node. Default 0. */
  readonly waitReplicas?: number;
  /**
   * With one node: it gives no vote (DSCHED_CLOCK_SKEW) where its clock, when it is first reached, differs from this machine's by more
   * ms. Default: it votes, and more than 10 s are told as a warning.
   */
  readonly refuseSkewMs?: number;
  /** Told of each attempt whose handler throws, see {@link HandlerErrorHook}. The log tells of failed ticks without it too. */
  readonly onError?: HandlerErrorHook;
  /** Watch the scheduler from its first event on. */
  readonly observers?: readonly ScheduleObserver[];
}
