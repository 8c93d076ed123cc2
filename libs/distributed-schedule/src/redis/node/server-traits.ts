import { clusterMember } from '../connection/trouble-words.js';

/** What else a server that may vote has shown of itself. */
export interface ServerTraits {
  readonly replicas: number;
  readonly isClusterMember: boolean;
  /** Undefined where it keeps everything. */
  readonly evictsBy: string | undefined;
}

/** How the node is used here. */
export interface NodeUse {
  /** Neither a Sentinel nor a Cluster, whose promises are known to be weaker. */
  readonly isPlain: boolean;
  /** The only node: then replicas are no rarity, and may be waited for. */
  readonly isAlone: boolean;
  readonly waitReplicas: number;
}

/** What is odd about a server, although it votes: for people, with what to do. */
export function oddities(traits: ServerTraits, use: NodeUse): readonly string[] {
  const { evictsBy, replicas, isClusterMember } = traits;
  const odd: string[] = [];
  if (evictsBy !== undefined) {
    odd.push(
      `it may evict what it has granted (maxmemory-policy ${evictsBy}), and abstains for some seconds then: set maxmemory-policy to noeviction`,
    );
  }
  if (isClusterMember && use.isPlain) odd.push(clusterMember('cluster_enabled'));
  if (replicas > 0 && use.isPlain && use.waitReplicas === 0) {
    const count = `it has ${replicas} ${replicas === 1 ? 'replica' : 'replicas'}`;
    odd.push(
      use.isAlone
        ? `${count}: after a failover to one, what was granted last may be lost, and a tick may run twice; set waitReplicas, or use three masters`
        : `${count}, and a failover to one may run a tick twice: let nothing promote them, since the other nodes stand in for this one`,
    );
  }
  return odd;
}
