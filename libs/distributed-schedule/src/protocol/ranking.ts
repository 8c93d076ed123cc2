/**
 * Who bids first. Rendezvous hashing (Thaler and Ravishankar, 1998): every instance scores every (task,
 * instance) pair and sorts. No coordination, an even spread, and when an instance comes or goes only its own
 * tasks move. Rank decides liveness and load, never safety: instances with different ideas of who is alive
 * collide in the vote, and nothing worse.
 */

/** The rank of `instanceId` for `task` among `members`, from 0; members.length when it is not among them. */
export function rankOf(task: string, instanceId: string, members: readonly string[]): number {
  if (!members.includes(instanceId)) return members.length;
  const own = scoreOf(task, instanceId);
  let rank = 0;
  for (const member of members) {
    if (member === instanceId) continue;
    const score = scoreOf(task, member);
    // Equal scores are settled by id, so that two instances never share a rank.
    if (score > own || (score === own && member < instanceId)) rank += 1;
  }
  return rank;
}

/** FNV-1a over the text, then the finaliser of MurmurHash3: FNV alone leaves similar ids with similar scores. */
function scoreOf(task: string, instanceId: string): number {
  let hash = 0x811c9dc5;
  const text = `${task.length}:${task}${instanceId}`;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
