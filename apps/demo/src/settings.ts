import { hostname } from 'node:os';

/** Tasks that this app has. Each is an ordinary provider in tasks/. */
export const TASK_NAMES = ['settle', 'invoice', 'sweep'] as const;

export type TaskName = (typeof TASK_NAMES)[number];

/** What the environment says. Every variable may be absent. */
export interface Settings {
  /** PORT: of the HTTP server; 0 takes a free one. */
  readonly port: number;
  /** REDIS_NODES: `host:port` or URLs, separated by commas. None means the memory backend. */
  readonly redisNodes: readonly string[];
  /** NAMESPACE: replicas that share it, and the nodes, share the ticks. */
  readonly namespace: string;
  /** REPLICA: what people call this process. The library's instance id is random and another thing. */
  readonly replica: string;
  /** TASKS: which of {@link TASK_NAMES} run, separated by commas. */
  readonly tasks: readonly TaskName[];
  /** TASK_MS: how long each run works. */
  readonly taskMs: number;
  /** TASK_DEAF: 1 for a handler that ignores its signal, the kind that fencing tokens are for. */
  readonly isTaskDeaf: boolean;
  /** RECORD_FILE: where each run writes down that it happened. */
  readonly recordFile: string | undefined;
  /** STALL_MS: a fault, see event-loop-stall.ts. CLOCK_OFFSET_MS is another, see clock-offset.ts. */
  readonly stallMs: number;
}

export const SETTINGS = Symbol('settings');

export function readSettings(env: NodeJS.ProcessEnv): Settings {
  return {
    port: requireNumber(env, 'PORT', 3_000),
    redisNodes: list(env.REDIS_NODES).map((node) => (node.includes('://') ? node : `redis://${node}`)),
    namespace: env.NAMESPACE ?? 'demo',
    replica: env.REPLICA ?? hostname(),
    tasks: env.TASKS === undefined ? TASK_NAMES : list(env.TASKS).map(requireTask),
    taskMs: requireNumber(env, 'TASK_MS', 5),
    isTaskDeaf: env.TASK_DEAF === '1',
    recordFile: env.RECORD_FILE,
    stallMs: requireNumber(env, 'STALL_MS', 0),
  };
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
