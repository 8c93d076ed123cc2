/** What happens to the masters. */

import { crashed, frozen, type OldDump } from '../../../support/faults/redis-crash-faults.js';
import { diskFull, dumpObstructed, TinyDisk } from '../../../support/faults/redis-disk-faults.js';
import {
  asleep,
  busyScript,
  clientsKilled,
  idleTimeout,
  paused,
} from '../../../support/faults/redis-stall-faults.js';
import {
  evicted,
  flushed,
  ledgerDeleted,
  outOfMemory,
  permissionsRevoked,
  readOnly,
  scriptsFlushed,
} from '../../../support/faults/redis-store-faults.js';
import { NAMESPACE } from '../cast.js';
import { type Aim, between, type Hazard } from './hazard.js';
import { type StoreHazard, storeHazard } from './store-hazard.js';

const DIRECTED = ['random', 'on grant', 'on win'] as const;
const SHORT_MS = [300, 2_500] as const;
const LONG_MS = [15_000, 25_000] as const;
const IDLE_TIMEOUT_S = 1;

export interface StoreParts {
  /** What each node knew in the campaign's first moments. */
  readonly oldDumps: readonly OldDump[];
  /** The disk of the last node, where one could be mounted. */
  readonly disk: TinyDisk | undefined;
}

export function storeHazards(parts: StoreParts): readonly Hazard[] {
  return [...crashes(parts), ...LOSSES, ...STALLS, ...REFUSALS, ...MAJORITIES, fullDisk(parts)].map(
    storeHazard,
  );
}

function crashes({ oldDumps }: StoreParts): readonly StoreHazard[] {
  const kill = { lastsMs: SHORT_MS, forgets: true } as const;
  const withMemory: StoreHazard['fault'] = (server) => crashed(server, 'with memory');
  return [
    { kind: 'redis: kill -9, back with memory', ...kill, moments: DIRECTED, fault: withMemory },
    { kind: 'redis: kill -9, back empty', ...kill, moments: DIRECTED, fault: (one) => crashed(one, 'empty') },
    {
      kind: 'redis: kill -9, back from an old file',
      ...kill,
      isOld: true,
      fault: (server, node) => crashed(server, oldDumps[node] ?? 'empty'),
    },
    { kind: 'redis: one down for long', ...kill, lastsMs: LONG_MS, isBackground: true, fault: withMemory },
  ];
}

const LOSSES: readonly StoreHazard[] = [
  { kind: 'redis: FLUSHALL', moments: DIRECTED, forgets: true, fault: (server) => flushed(server) },
  {
    kind: 'redis: DEL of the ledger',
    moments: DIRECTED,
    forgets: true,
    fault: (server) => ledgerDeleted(server, NAMESPACE),
  },
  {
    kind: 'redis: ledger evicted',
    lastsMs: SHORT_MS,
    forgets: true,
    fault: (server) => evicted(server, NAMESPACE),
  },
  {
    kind: 'redis: READONLY replica',
    moments: ['random', 'on grant'],
    lastsMs: SHORT_MS,
    forgets: true,
    fault: (server) => readOnly(server),
  },
];

const STALLS: readonly StoreHazard[] = [
  { kind: 'redis: SIGSTOP', moments: DIRECTED, lastsMs: SHORT_MS, fault: (server) => frozen(server) },
  { kind: 'redis: CLIENT PAUSE ALL', fault: (server, _, aim) => paused(server, 'ALL', shortMs(aim)) },
  {
    kind: 'redis: CLIENT PAUSE WRITE',
    lastsMs: SHORT_MS,
    fault: (server) => paused(server, 'WRITE', 2 * SHORT_MS[1]),
  },
  { kind: 'redis: DEBUG SLEEP', fault: (server, _, aim) => asleep(server, shortMs(aim)) },
  { kind: 'redis: busy script', lastsMs: SHORT_MS, fault: (server) => busyScript(server) },
  {
    kind: 'redis: CLIENT KILL',
    moments: ['random', 'on grant'],
    fault: (server) => clientsKilled(server, 1),
  },
  { kind: 'redis: idle timeout', lastsMs: SHORT_MS, fault: (server) => idleTimeout(server, IDLE_TIMEOUT_S) },
];

const REFUSALS: readonly StoreHazard[] = [
  { kind: 'redis: out of memory', lastsMs: SHORT_MS, fault: (server) => outOfMemory(server) },
  { kind: 'redis: cannot save (MISCONF)', lastsMs: SHORT_MS, fault: (server) => dumpObstructed(server) },
  {
    kind: 'redis: scripts forbidden (NOPERM)',
    lastsMs: SHORT_MS,
    fault: (server) => permissionsRevoked(server),
  },
  { kind: 'redis: SCRIPT FLUSH', isHarmless: true, fault: (server) => scriptsFlushed(server) },
];

function fullDisk({ disk }: StoreParts): StoreHazard {
  return {
    kind: 'redis: disk full (MISCONF)',
    victims: 'the last',
    lastsMs: SHORT_MS,
    unavailable: () => (disk === undefined ? (TinyDisk.unavailable() ?? 'no disk was mounted') : undefined),
    fault: (server) => {
      if (disk === undefined) throw new Error('no disk was mounted');
      return diskFull(server, disk);
    },
  };
}

const MAJORITIES: readonly StoreHazard[] = [
  {
    kind: 'redis: two killed, back with memory',
    victims: 'two',
    lastsMs: SHORT_MS,
    forgets: true,
    fault: (server) => crashed(server, 'with memory'),
  },
  {
    kind: 'redis: two killed, back empty',
    victims: 'two',
    lastsMs: SHORT_MS,
    forgets: true,
    fault: (server) => crashed(server, 'empty'),
  },
  {
    kind: 'redis: all killed, back empty',
    victims: 'all',
    lastsMs: SHORT_MS,
    forgets: true,
    fault: (server) => crashed(server, 'empty'),
  },
  { kind: 'redis: all flushed', victims: 'all', forgets: true, fault: (server) => flushed(server) },
  {
    kind: 'redis: two stopped (SIGSTOP)',
    victims: 'two',
    lastsMs: SHORT_MS,
    fault: (server) => frozen(server),
  },
];

function shortMs({ random }: Aim): number {
  return Math.round(between(random, ...SHORT_MS));
}
