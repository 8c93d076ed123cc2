import type { RedisNode } from '../node/redis-node.js';

/** A node that has yet to notice the end of our presence would free a lock under our name. One under no name lives on. */
export function holderName({ presence }: RedisNode, instanceId: string): string {
  return presence?.isSubscribed === false ? '-' : instanceId;
}
