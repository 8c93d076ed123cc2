/** All share the hash tag `{namespace}`: a script runs in one slot of a Cluster. A namespace has no braces. */
export interface RedisKeys {
  readonly prefix: string;
  readonly probe: string;
  /** Hash: ticks, floor, incarnation, ledger id, noted ids and stamp. Never expires. */
  readonly ledger: string;
  /** Sorted set: instance id by the node time of its last beat. */
  readonly members: string;
  /** Hash: instance id to what it said of itself with its last beat. */
  readonly beats: string;
  /** Hash: a standby set and the newest answer about it. It goes when nobody has asked about it for a while. */
  standbySet(digest: string): string;
  readonly board: string;
  /** Sorted set: keys of the board by the number of their last change. */
  readonly boardChanges: string;
  /** Sorted set: keys of the board by the instant at which they are gone. */
  readonly boardExpiry: string;
  /** Sorted set: keys of the board under which a run has left something behind, by when that was written. */
  readonly boardRuns: string;
  /** Prefix of the channels that tell whether an instance's process is alive. */
  readonly presencePrefix: string;
  /** String: who holds the run lock of a task. */
  lock(task: string): string;
  /** Channel to which only that instance subscribes. */
  presence(instanceId: string): string;
}

export function redisKeys(namespace: string): RedisKeys {
  const prefix = `{${namespace}}`;
  const presencePrefix = `${prefix}:presence:`;
  return {
    prefix,
    probe: `${prefix}:probe`,
    ledger: `${prefix}:ledger`,
    members: `${prefix}:members`,
    beats: `${prefix}:beats`,
    standbySet: (digest) => `${prefix}:standby:${digest}`,
    board: `${prefix}:board`,
    boardChanges: `${prefix}:board:changes`,
    boardExpiry: `${prefix}:board:expiry`,
    boardRuns: `${prefix}:board:runs`,
    presencePrefix,
    lock: (task) => `${prefix}:lock:${task}`,
    presence: (instanceId) => `${presencePrefix}${instanceId}`,
  };
}
