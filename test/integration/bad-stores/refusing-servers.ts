/** Servers that are there, and refuse the user, a right, the database, or a connection. */

import { until } from '../../support/redis-instances.js';
import { type BadStore, SECRET } from './bad-store.js';

const ALL = ['~*', '&*', '+@all'] as const;

const user = (state: string, name: string, ...rights: readonly string[]): BadStore => ({
  state,
  open: async (shelf) => ({ inputs: [await shelf.user(name, ...rights)] }),
});

const withLogin = (state: string, login: string): BadStore => ({
  state,
  open: async (shelf) => {
    const server = await shelf.server({ password: SECRET });
    return { inputs: [`redis://${login}127.0.0.1:${server.port}`] };
  },
});

const renamed = (state: string, ...commands: readonly string[]): BadStore => ({
  state,
  open: async (shelf) => {
    const args = commands.flatMap((command) => ['--rename-command', command, `hidden-${command}`]);
    const server = await shelf.server({ args });
    return { inputs: [server.url] };
  },
});

export const REFUSING_SERVERS: readonly BadStore[] = [
  withLogin('no password where one is wanted', ''),
  withLogin('a wrong password', ':wrong@'),
  withLogin('a user that is not there', `nobody:${SECRET}@`),
  {
    state: 'a user that is off',
    open: async (shelf) => {
      const url = await shelf.user('off', ...ALL);
      await (await shelf.shared()).client().acl('SETUSER', 'off', 'off');
      return { inputs: [url] };
    },
  },
  {
    state: 'a password where none is wanted',
    open: async (shelf) => {
      const server = await shelf.shared();
      return { inputs: [`redis://:${SECRET}@127.0.0.1:${await shelf.front(server.port)}`] };
    },
  },
  user('no right to hashes', 'hashes', ...ALL, '-@hash'),
  user('no right to sorted sets', 'sorted', ...ALL, '-@sortedset'),
  user('no right to strings, which locks are', 'strings', ...ALL, '-get', '-set', '-del'),
  user('no right to times to live', 'ttl', ...ALL, '-pexpire', '-pttl'),
  user('no right to INFO', 'info', ...ALL, '-info'),
  user('no right to PUBSUB NUMSUB', 'numsub', ...ALL, '-pubsub'),
  user('no right to TIME', 'time', ...ALL, '-time'),
  user('no right to scripts', 'eval', ...ALL, '-eval', '-evalsha'),
  user('no right to SELECT', 'select', ...ALL, '-select'),
  user('no right to the keys of the namespace', 'keys', '~other:*', '&*', '+@all'),
  user('no right to SUBSCRIBE', 'subscribe', ...ALL, '-subscribe'),
  user('no right to the channels of the namespace', 'channels', '~*', 'resetchannels', '+@all'),
  renamed('PUBSUB renamed', 'PUBSUB'),
  renamed('SUBSCRIBE renamed', 'SUBSCRIBE'),
  renamed('EVAL and EVALSHA renamed', 'EVAL', 'EVALSHA'),
  {
    state: 'a database number that the server lacks',
    open: async (shelf) => ({ inputs: [`${(await shelf.server()).url}/99`] }),
  },
  {
    state: 'maxclients reached',
    open: async (shelf) => {
      const server = await shelf.server();
      await server.client().config('SET', 'maxclients', '1');
      return { inputs: [server.url] };
    },
  },
  {
    state: 'maxclients reached by the first connection of two',
    open: async (shelf) => {
      const server = await shelf.server();
      const client = server.client();
      await client.ping();
      const isThere = async (): Promise<boolean> => {
        const [all, subscribers] = await Promise.all([
          client.client('LIST'),
          client.call('CLIENT', 'LIST', 'TYPE', 'pubsub'),
        ]);
        return String(subscribers) !== '' && String(all).trimEnd().split('\n').length === 3;
      };
      const spoil = async (): Promise<void> => {
        await until(isThere, 'both connections are there, beside ours');
        await client.config('SET', 'maxclients', '2');
        // Which of two connections comes first is chance, so the one that votes is there, and the other one has to come back.
        await client.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
      };
      return { inputs: [server.url], spoil };
    },
  },
];
