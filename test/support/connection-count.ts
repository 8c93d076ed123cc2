/** Every connection that this process tries to open, also one that is refused or never answered, by where it leads to. */

import { Socket } from 'node:net';

type Target = string | number;

interface Attempt {
  readonly target: Target;
  readonly atMs: number;
}

const attempts: Attempt[] = [];
const original = Socket.prototype.connect;
let isCounting = false;

/** Begins to count, for the rest of the process. */
export function countConnections(): void {
  if (isCounting) return;
  isCounting = true;
  Socket.prototype.connect = function (this: Socket, ...args: unknown[]) {
    attempts.push({ target: targetOf(args), atMs: performance.now() });
    return Reflect.apply(original, this, args) as Socket;
  } as typeof original;
}

/** How many attempts were made on these ports, hosts without a port of interest, or paths, since then. */
export function connectionsTo(targets: readonly Target[], sinceMs: number, untilMs: number): number {
  return attempts.filter(({ target, atMs }) => targets.includes(target) && atMs >= sinceMs && atMs < untilMs)
    .length;
}

/** Node hands its own calls over as one list of options and a listener. */
function targetOf([first, ...others]: readonly unknown[]): Target {
  if (Array.isArray(first)) return targetOf(first);
  if (typeof first === 'number') return first;
  if (typeof first === 'string') return first;
  const { path, host, port } = (first ?? {}) as { path?: string; host?: string; port?: string | number };
  if (path !== undefined && path !== null) return path;
  if (host !== undefined && !/^(127\.0\.0\.1|localhost)$/.test(host)) return host;
  return port === undefined ? String(others[0]) : Number(port);
}
