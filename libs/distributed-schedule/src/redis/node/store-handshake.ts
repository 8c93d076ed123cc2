import { type FailureCode, UNKNOWN_COMMAND } from '../connection/failure-code.js';
import { clusterMember } from '../connection/trouble-words.js';
import { defineBareScript } from '../scripts/redis-scripts.js';
import { PROBES, rightsFor } from './needed-rights.js';

/**
 * HANDSHAKE: whether a server can run the scripts, and which server it is. Asked once per connection.
 *
 * KEYS  ledger (so that a Cluster routes the script to the node that votes), a key under which nothing stands
 * Reply time, redis_version, run_id, master_replid, role, connected_slaves, cluster_enabled, maxmemory_policy where there is a
 *       limit, with '' for what INFO does not show, then the commands that a script may not call here, and with a ? those that
 *       the server does not know
 */
export const HANDSHAKE_SCRIPT = defineBareScript(
  'handshake',
  `
local time = redis.call('TIME')
local refused = {}
-- Other errors than a refusal say nothing: a probe is made to have no effect, and most of them fail for that.
local function ask(command, ...)
  local reply = redis.pcall(command, ...)
  local problem = type(reply) == 'table' and reply.err or ''
  if string.find(problem, 'nknown') then
    refused[#refused + 1] = '?' .. command
  elseif string.find(problem, 'NOPERM') or string.find(problem, 'ACL failure')
    or string.find(problem, "can't run this command") then
    refused[#refused + 1] = command
  end
  return reply
end
local function info(section)
  local reply = ask('INFO', section)
  return type(reply) == 'string' and reply or ''
end
local server = info('server')
local replication, memory, cluster = '', '', ''
if server ~= '' then
  replication, memory, cluster = info('replication'), info('memory'), info('cluster')
end
${PROBES}
local isLimited = (tonumber(string.match(memory, 'maxmemory:(%d+)')) or 0) > 0
return {
  time[1], time[2],
  string.match(server, 'redis_version:([%d%.]+)') or '',
  string.match(server, 'run_id:(%w+)') or '',
  string.match(replication, 'master_replid:(%w+)') or '',
  string.match(replication, 'role:(%w+)') or '',
  string.match(replication, 'connected_slaves:(%d+)') or '',
  string.match(cluster, 'cluster_enabled:(%d)') or '',
  isLimited and string.match(memory, 'maxmemory_policy:([%w-]+)') or '',
  unpack(refused),
}
`,
);

const OLDEST_MAJOR = 6;
const OLDEST_MINOR = 2;

export type Handshake =
  | { readonly kind: 'fit'; readonly runId: string; readonly traits: ServerTraits }
  | { readonly kind: 'unfit'; readonly why: string; readonly isReplica?: true };

export function judgeHandshake(reply: readonly unknown[]): Handshake {
  const [version = '', runId = '', replicationId = '', role = '', replicas, cluster, policy, ...refused] =
    reply.map(String);
  // First: what else is wrong with it will be of no interest.
  if (role === 'slave') return { kind: 'unfit', isReplica: true, why: REPLICA };
  if (refused.length > 0) return { kind: 'unfit', why: whyRefused(refused) };
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < OLDEST_MAJOR || (major === OLDEST_MAJOR && minor < OLDEST_MINOR)) {
    return { kind: 'unfit', why: `version ${version === '' ? 'unknown' : version}; 6.2 or newer is needed` };
  }
  const hidden = [runId === '' ? ['run_id'] : [], replicationId === '' ? ['master_replid'] : []].flat();
  if (hidden.length > 0) {
    const why = `its INFO shows no ${hidden.join(' and no ')}, so a loss of memory would go unseen; use a store that shows it`;
    return { kind: 'unfit', why };
  }
  const evictsBy = policy === '' || policy === 'noeviction' ? undefined : policy;
  const traits = { replicas: Number(replicas) || 0, isClusterMember: cluster === '1', evictsBy };
  return { kind: 'fit', runId, traits };
}

/** Whether a server refused the handshake for good, e.g. by its access rules. Any other failure is tried again. */
export function isRefusal(code: FailureCode): boolean {
  return code === 'ERR' || code === 'NOPERM' || code === UNKNOWN_COMMAND;
}

const REPLICA = 'it is a replica, and only masters vote: give the address of its master';

/** The line to type mends all that rights can mend. */
function whyRefused(refused: readonly string[]): string {
  const unknown = refused.filter((command) => command.startsWith('?')).map((command) => command.slice(1));
  const forbidden = refused.filter((command) => !command.startsWith('?'));
  const rights = `its user may not call ${listed(forbidden)}: ACL SETUSER <user> ${rightsFor(forbidden)}`;
  const names = `it does not know ${listed(unknown)}: rename no commands`;
  return [...(forbidden.length > 0 ? [rights] : []), ...(unknown.length > 0 ? [names] : [])].join('; ');
}

function listed(commands: readonly string[]): string {
  const each = [...new Set(commands)];
  return each.length < 2 ? each.join('') : `${each.slice(0, -1).join(', ')} and ${each.slice(-1).join('')}`;
}

export interface ServerTraits {
  readonly replicas: number;
  readonly isClusterMember: boolean;
  /** Undefined where it keeps everything. */
  readonly evictsBy: string | undefined;
}

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
