/** The rights that a user of a node needs: no more than these are asked for. A test holds them to the scripts. */

/** Beside the commands of the scripts. */
const TO_CONNECT = [
  'hello',
  'auth',
  'ping',
  'info',
  'client|setname',
  'select',
  'subscribe',
  'eval',
  'evalsha',
] as const;

/** What scripts call, each with arguments in Lua that make it do nothing, whatever stands under the key. */
export const SCRIPT_COMMANDS: Readonly<Record<string, readonly string[]>> = {
  TIME: [],
  PUBSUB: ["'NUMSUB'", 'KEYS[2]'],
  GET: ['KEYS[2]'],
  // Never both, so it is refused as a mistake.
  SET: ['KEYS[2]', "''", "'NX'", "'XX'"],
  DEL: ['KEYS[2]'],
  PEXPIRE: ['KEYS[2]', "'1'"],
  PTTL: ['KEYS[2]'],
  // A field without a value, likewise.
  HSET: ['KEYS[2]', "'f'", "'v'", "'f'"],
  HMGET: ['KEYS[2]', "''"],
  HGET: ['KEYS[2]', "''"],
  HDEL: ['KEYS[2]', "''"],
  HSCAN: ['KEYS[2]', "'0'"],
  ZADD: ['KEYS[2]', "'NX'", "'XX'", "'1'", "'m'"],
  ZREM: ['KEYS[2]', "''"],
  ZCARD: ['KEYS[2]'],
  ZRANGEBYSCORE: ['KEYS[2]', "'1'", "'0'"],
  ZREVRANGEBYSCORE: ['KEYS[2]', "'0'", "'1'"],
};

/** Lua: asks each of these commands, but TIME, without which there is no reply at all. */
export const PROBES = Object.entries(SCRIPT_COMMANDS)
  .filter(([command]) => command !== 'TIME')
  .map(([command, args]) => `ask('${command}'${args.map((arg) => `, ${arg}`).join('')})`)
  .join('\n');

/** For ACL SETUSER: "+zcard +pubsub|numsub". */
export function rightsFor(commands: readonly string[]): string {
  return [...new Set(commands)].map((command) => `+${rightOf(command)}`).join(' ');
}

/** Everything that a user needs, for keys and channels of one namespace only: what follows its name and password. */
export function allRights(namespacePrefix: string): string {
  const commands = [...TO_CONNECT, ...Object.keys(SCRIPT_COMMANDS).map(rightOf)];
  return `~${namespacePrefix}:* &${namespacePrefix}:* ${rightsFor(commands)}`;
}

function rightOf(command: string): string {
  return command === 'PUBSUB' ? 'pubsub|numsub' : command.toLowerCase();
}
