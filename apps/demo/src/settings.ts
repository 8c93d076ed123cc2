import { hostname } from 'node:os';

/** Each is an ordinary provider, see tasks.ts. */
export const TASK_NAMES = ['settle', 'invoice', 'sweep'] as const;

export type TaskName = (typeof TASK_NAMES)[number];

/** What the environment says. Every variable may be absent. */
export interface Settings {
  /** PORT: of the HTTP server; 0 takes a free one. */
  readonly port: number;
  /** REDIS_NODES: `host:port` or URLs, separated by commas. None means the memory backend. */
  readonly redisNodes: readonly string[];
  /** REDIS_SENTINELS: `host:port` of Sentinels, separated by commas, instead; REDIS_MASTER is the master's name. */
  readonly sentinels: readonly { readonly host: string; readonly port: number }[];
  readonly masterName: string;
  /** NAMESPACE: replicas that share it, and the nodes, share the ticks. */
  readonly namespace: string;
  /** REPLICA: what people call this process. The library's instance id is random and another thing. */
  readonly replica: string;
  /** TASKS: which of {@link TASK_NAMES} run, separated by commas. */
  readonly tasks: readonly TaskName[];
  /** TASK_MS: how long each run works. */
  readonly taskMs: number;
  /** TASK_TIMES: `invoice=2000-4500,settle=5-50`: for these tasks another time for every tick, within bounds. */
  readonly taskTimes: ReadonlyMap<string, readonly [leastMs: number, mostMs: number]>;
  /** TASK_DEAF: 1 for a handler that ignores its signal, the kind that fencing tokens are for. */
  readonly isTaskDeaf: boolean;
  /** RECORD_FILE: where each run writes down that it happened. */
  readonly recordFile: string | undefined;
  /** TRUST_EVERY_MS: how often a run writes there that it still trusts its lease; 0 is never. */
  readonly trustEveryMs: number;
  /** OUTCOME_FILE: where the library's word on each tick is written down. */
  readonly outcomeFile: string | undefined;
  /** STALL_MS: a fault, see fault-commands.ts. CLOCK_OFFSET_MS is another, see clock-offset.ts. */
  readonly stallMs: number;
}

export const SETTINGS = Symbol('settings');

export function readSettings(env: NodeJS.ProcessEnv): Settings {
  return {
    port: requireNumber(env, 'PORT', 3_000),
    redisNodes: list(env.REDIS_NODES).map((node) => (node.includes('://') ? node : `redis://${node}`)),
    sentinels: list(env.REDIS_SENTINELS).map(readEndpoint),
    masterName: env.REDIS_MASTER ?? 'main',
    namespace: env.NAMESPACE ?? 'demo',
    replica: env.REPLICA ?? hostname(),
    tasks: env.TASKS === undefined ? TASK_NAMES : list(env.TASKS).map(requireTask),
    taskMs: requireNumber(env, 'TASK_MS', 5),
    taskTimes: new Map(list(env.TASK_TIMES).map(readTaskTime)),
    isTaskDeaf: env.TASK_DEAF === '1',
    recordFile: env.RECORD_FILE,
    trustEveryMs: requireNumber(env, 'TRUST_EVERY_MS', 0),
    outcomeFile: env.OUTCOME_FILE,
    stallMs: requireNumber(env, 'STALL_MS', 0),
  };
}

/** How long the run of one tick works. It follows from the tick, so that a campaign with one seed repeats. */
export function durationMs(settings: Settings, task: string, tick: number): number {
  const range = settings.taskTimes.get(task);
  if (range === undefined) return settings.taskMs;
  const [leastMs, mostMs] = range;
  // A prime keeps ticks that are whole seconds from falling on the same few values.
  return leastMs + (((tick / 1_000) * 7_919) % (mostMs - leastMs + 1));
}

function readTaskTime(text: string): [string, [number, number]] {
  const [, task, leastMs, mostMs] = /^(\w+)=(\d+)-(\d+)$/.exec(text) ?? [];
  if (task === undefined) throw new Error(`TASK_TIMES has '${text}'; it takes task=least-most in ms`);
  return [task, [Number(leastMs), Number(mostMs)]];
}

function readEndpoint(text: string): { host: string; port: number } {
  const [host = '', port] = text.split(':');
  return { host, port: Number(port) };
}

function list(text = ''): string[] {
  return text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');
}

function requireTask(name: string): TaskName {
  const task = TASK_NAMES.find((known) => known === name);
  if (task === undefined) throw new Error(`TASKS names '${name}'; there are ${TASK_NAMES.join(', ')}`);
  return task;
}

function requireNumber(env: NodeJS.ProcessEnv, name: string, otherwise: number): number {
  const value = Number(env[name] ?? otherwise);
  if (!Number.isFinite(value)) throw new Error(`${name} is '${env[name]}'; it takes a number`);
  return value;
}
