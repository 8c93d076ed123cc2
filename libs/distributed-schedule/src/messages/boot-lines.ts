/** What the log says at boot: who this instance is, and when each of its tasks is due. Pure. */

import type { PlannedTask } from '../control/planned-task.js';
import { wholePeriod } from '../protocol/contract/spoken.js';
import { zonedTime } from '../tasks/instant-words.js';
import { processZone } from '../tasks/process-zone.js';
import { zoneNameOf } from '../tasks/single-hour.schedule.js';
import type { StoreStrength } from './store-status.js';

export interface InstanceFacts {
  readonly instanceId: string;
  readonly namespace: string;
  readonly app: string;
  readonly nodes: number;
  readonly strength: StoreStrength;
  /** Locks and ledger are the app's own: the strength of the backend says nothing. */
  readonly isReplaced: boolean;
  readonly enabled: boolean;
}

export interface TaskFacts {
  /** In the order of the modules, then what was added at run time. */
  readonly planned: readonly PlannedTask[];
  /** Names of methods that run tasks which are added at run time. */
  readonly handlers: readonly string[];
  readonly whyNotHere: (task: PlannedTask) => string | undefined;
  readonly nowMs: number;
}

/** An app with hundreds of tasks has its boot read by nobody. */
const MAX_LINES = 50;

export function instanceLine(facts: InstanceFacts): string {
  const { instanceId, namespace, app, enabled } = facts;
  const idle = enabled ? '' : '. It runs no tasks, as its option enabled is false';
  return `Instance ${instanceId} of app '${app}' in namespace '${namespace}' on ${storeOf(facts)}${idle}`;
}

export function taskLines(facts: TaskFacts): readonly string[] {
  const lines = [
    ...facts.planned.filter(({ conditions }) => !conditions.has('elsewhere')).map(lineOf),
    ...facts.handlers.map((name) => () => `Ready {${name}, when added}`),
  ];
  const shown = lines.slice(0, MAX_LINES);
  const more = lines.length - shown.length;
  return [
    ...shown.map((line) => line(facts)),
    ...(more === 0 ? [] : [`… and ${more} more tasks: DistributedScheduleRegistry.list() has all of them`]),
  ];
}

function storeOf({ nodes, strength, isReplaced }: InstanceFacts): string {
  if (isReplaced) return 'locks and a ledger of its own';
  if (strength === 'memory') return 'the memory of this process';
  return `${nodes} ${nodes === 1 ? 'node' : 'nodes'} (${strength})`;
}

/** Later: words and instants are made for the lines that are shown only. */
function lineOf(task: PlannedTask): (facts: TaskFacts) => string {
  const { name, state, conditions } = task;
  if (state === 'disabled') return () => `Off {${name}}: switched off on this instance`;
  if (state === 'left_alone') return () => `Left alone {${name}}: ${[...conditions.values()].join(', ')}`;
  return (facts) => `Scheduled {${name}, ${wordsOf(task)}}, ${dueOf(task, facts)}`;
}

function dueOf(task: PlannedTask, { nowMs, whyNotHere }: TaskFacts): string {
  const next = (task.task?.schedule ?? task.base)?.nextAfter(nowMs);
  const when =
    next === undefined
      ? 'nothing is due'
      : `next ${zonedTime(next, zoneNameOf(task.base) ?? processZone() ?? 'UTC')}`;
  const notHere = whyNotHere(task);
  const place = notHere === undefined ? '' : `, not here: ${notHere}`;
  return `${task.state === 'paused' ? 'paused, ' : ''}${when}${place}`;
}

function wordsOf({ base, source, conditions }: PlannedTask): string {
  const description = base?.description ?? 'defined elsewhere';
  const added = source === 'runtime' ? ', added at run time' : '';
  const changed = conditions.has('rescheduled') ? ', rescheduled' : '';
  return `${onceInWords(description)}${added}${changed}`;
}

/** Of a timeout the description names the key. */
function onceInWords(description: string): string {
  const [, delayMs, key] = /^once, (\d+) ms after the boot of (.*)$/s.exec(description) ?? [];
  if (key === undefined) return description;
  return `once per deployment key, ${wholePeriod(Number(delayMs))} after the first boot of '${key}'`;
}
