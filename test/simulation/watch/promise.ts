/** Where a lease promises nothing: what looks like a broken promise is none there. */

import type { Machine } from '../world/machine.js';
import type { Server } from '../world/server.js';

/**
 * Whether what this server says about the locks of a task binds it towards a run on this machine. A clock that steps forward ends a lock
 * and a quarantine early: until the end that they would have had. A holder that cannot hear that its connection has ended trusts on.
 */
export function isBound(server: Server, machine: Machine, task: string, ttlMs: number): boolean {
  return !server.desk.isCutShort(task, ttlMs) && !machine.isUnawareOf(server.index);
}
