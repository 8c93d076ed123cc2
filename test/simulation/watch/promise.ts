/** Where a lease promises nothing: what looks like a broken promise is none there. */

import type { Machine } from '../world/machine.js';
import type { Server } from '../world/server.js';

/**
 * Whether what this server says about locks binds it towards a run on this machine. A clock that steps forward ends locks
 * and quarantines early; a holder that cannot hear that its connection has ended trusts on.
 */
export function isBound(server: Server, machine: Machine): boolean {
  return !server.hasSteppedForward && !machine.isUnawareOf(server.index);
}
