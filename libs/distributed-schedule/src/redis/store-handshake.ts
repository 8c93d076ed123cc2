import { defineBareScript } from './redis-scripts.js';

/**
 * HANDSHAKE: whether a server can run the scripts, and which server it is. Asked once per connection.
 *
 * KEYS  ledger (only so that a Cluster routes the script to the node that votes)
 * Reply time, redis_version, run_id, master_replid, with '' for what INFO does not show, then the commands that a
 *       script may not call here
 */
export const HANDSHAKE_SCRIPT = defineBareScript(
  'handshake',
  `
local time = redis.call('TIME')
local refused = {}
local function ask(command, ...)
  local reply = redis.pcall(command, ...)
  if type(reply) == 'table' and reply.err then
    refused[#refused + 1] = command
    return ''
  end
  return reply
end
local server = ask('INFO', 'server')
local replication = server ~= '' and ask('INFO', 'replication') or ''
ask('PUBSUB', 'NUMSUB', KEYS[1])
-- The board's own commands, with no effect whatever stands under the key. Other errors than a refusal say nothing.
for _, probe in ipairs({ { 'HGET', '' }, { 'HDEL', '' }, { 'HLEN' }, { 'ZCARD' }, { 'ZRANGEBYSCORE', '1', '0' } }) do
  local reply = redis.pcall(probe[1], KEYS[1], unpack(probe, 2))
  local problem = type(reply) == 'table' and reply.err or ''
  if string.find(problem, 'NOPERM') or string.find(problem, 'ACL failure') or string.find(problem, 'nknown')
    or string.find(problem, "can't run this command") then
    refused[#refused + 1] = probe[1]
  end
end
return {
  time[1], time[2],
  string.match(server, 'redis_version:([%d%.]+)') or '',
  string.match(server, 'run_id:(%w+)') or '',
  string.match(replication, 'master_replid:(%w+)') or '',
  unpack(refused),
}
`,
);

const OLDEST_MAJOR = 6;
const OLDEST_MINOR = 2;

export type Handshake =
  | { readonly kind: 'fit'; readonly runId: string }
  | { readonly kind: 'unfit'; readonly why: string };

/** Judges the reply, without the time in front. */
export function judgeHandshake(reply: readonly unknown[]): Handshake {
  const [version = '', runId = '', replicationId = '', ...refused] = reply.map(String);
  if (refused.length > 0) {
    return {
      kind: 'unfit',
      why: `its scripts may not call ${refused.join(' and ')}; give the user these rights, and rename no commands`,
    };
  }
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (major < OLDEST_MAJOR || (major === OLDEST_MAJOR && minor < OLDEST_MINOR)) {
    return { kind: 'unfit', why: `version ${version === '' ? 'unknown' : version}; 6.2 or newer is needed` };
  }
  const hidden = [runId === '' ? ['run_id'] : [], replicationId === '' ? ['master_replid'] : []].flat();
  if (hidden.length > 0) {
    return {
      kind: 'unfit',
      why: `its INFO shows no ${hidden.join(' and no ')}, so a loss of memory would go unseen; use a store that shows it`,
    };
  }
  return { kind: 'fit', runId };
}

/** Whether a server refused the handshake for good, e.g. by its access rules. Any other failure is tried again. */
export function isRefusal(reason: string): boolean {
  return reason === 'ERR' || reason === 'NOPERM';
}
