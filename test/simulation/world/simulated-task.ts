/** A task whose handlers are of all kinds: short, long, hanging, failing, and deaf to their signal. */

import type { ScheduledTask, TickContext } from '#src/protocol/contract/tick-context.js';
import type { Machine } from './machine.js';
import type { HandlerKind } from './profile.js';
import type { Resident } from './resident.js';
import type { WorldParts } from './world-parts.js';

const MAX_SHORT_MS = 20;
const MAX_LONG_MS = 5_000;
const MAX_DEAF_MS = 6_000;
const HANGING_MS = 10_000;
const MIN_LATE_MS = 3_000;
const MAX_LATE_MS = 75_000;
const LONG: ReadonlySet<HandlerKind> = new Set(['long', 'hanging', 'deaf', 'hung', 'late']);

export function simulatedTask(parts: WorldParts, name: string, resident: Resident): ScheduledTask {
  const { periodMs, placement } = parts.profile;
  const { countsFromMs, areDefault, ...policies } = parts.policiesOf(name);
  return {
    name,
    schedule: {
      description: `every ${periodMs} ms`,
      nextAfter: (epochMs) => (Math.floor(epochMs / periodMs) + 1) * periodMs,
    },
    handler: (context) => handle(parts, resident, context),
    ...(placement !== undefined && { placement }),
    ...(!areDefault && { policies, countsFromMs, isPrunable: true }),
  };
}

async function handle(parts: WorldParts, resident: Resident, context: TickContext): Promise<void> {
  const { machine, reach } = resident;
  const run = parts.runs.start({ context, resident });
  parts.hung.started(run);
  const kind = handlerKind(parts, context.task);
  let hasThrown = true;
  try {
    reach('start');
    if (LONG.has(kind)) reach('long run');
    await work(parts, kind, machine, context.signal);
    hasThrown = false;
  } finally {
    parts.runs.end(run, hasThrown);
    parts.hung.ended(run);
  }
}

function handlerKind({ profile, random, policiesOf }: WorldParts, task: string): HandlerKind {
  const { handlers, handlersWithPolicies = handlers } = profile;
  const kinds = policiesOf(task).areDefault ? handlers : handlersWithPolicies;
  return kinds[Math.floor(random.next() * kinds.length)] ?? 'short';
}

async function work(
  { random }: WorldParts,
  kind: HandlerKind,
  machine: Machine,
  signal: AbortSignal,
): Promise<void> {
  if (kind === 'hung') await new Promise(() => undefined);
  await machine.sleepUntil(
    machine.monotonicMs() + durationMs(kind, random.next()),
    kind === 'deaf' || kind === 'late' ? undefined : signal,
  );
  if (kind === 'failing') throw new Error('simulated');
}

function durationMs(kind: HandlerKind, share: number): number {
  switch (kind) {
    case 'short':
    case 'failing':
      return share * MAX_SHORT_MS;
    case 'long':
      return share * MAX_LONG_MS;
    case 'deaf':
      return share * MAX_DEAF_MS;
    case 'hanging':
      return HANGING_MS;
    case 'hung':
      return Number.POSITIVE_INFINITY;
    case 'late':
      return MIN_LATE_MS + share * (MAX_LATE_MS - MIN_LATE_MS);
    default:
      return kind satisfies never;
  }
}
