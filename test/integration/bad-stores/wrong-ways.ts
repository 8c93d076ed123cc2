/** Addresses behind which there is nobody, somebody else, another protocol, or a long way. */

import { createServer as createWebServer } from 'node:http';
import { createServer } from 'node:net';
import { removeFolder, temporaryFolder } from '../../support/leftovers.js';
import { makeCertificate } from '../../support/tls-server.js';
import { type BadStore, freePort, type Shelf } from './bad-store.js';

const FAR_MS = 180;

const listener = (state: string, make: () => Parameters<Shelf['listen']>[0]): BadStore => ({
  state,
  open: async (shelf) => ({ inputs: [`redis://127.0.0.1:${await shelf.listen(make())}`] }),
});

/** A real server that speaks TLS and nothing else. */
async function tlsServer(
  shelf: Shelf,
  name: string,
  ...args: readonly string[]
): Promise<{ port: number; ca: string }> {
  const folder = temporaryFolder('tls-test');
  shelf.later(() => removeFolder(folder));
  const { keyFile, certFile, cert } = makeCertificate(folder, name);
  const server = await shelf.server({
    args: [
      '--tls-cert-file',
      certFile,
      '--tls-key-file',
      keyFile,
      '--tls-ca-cert-file',
      certFile,
      '--tls-auth-clients',
      'no',
      ...args,
    ],
  });
  const port = await freePort();
  await server.client().config('SET', 'tls-port', String(port));
  return { port, ca: cert };
}

export const WRONG_WAYS: readonly BadStore[] = [
  {
    state: 'an unknown host',
    open: async () => ({ inputs: ['redis://no-such-host.invalid'], targets: ['no-such-host.invalid'] }),
  },
  {
    state: 'nobody listens',
    open: async () => ({ inputs: [`redis://127.0.0.1:${await freePort()}`] }),
  },
  {
    state: 'a socket file that is not there',
    open: async () => ({ inputs: ['/nowhere/redis.sock'], targets: ['/nowhere/redis.sock'] }),
  },
  listener('a port that speaks HTTP', () => createWebServer((_request, response) => response.end('hello'))),
  listener('a port that ends connections at once', () => createServer((socket) => socket.destroy())),
  listener('a port that takes connections and stays silent', () => createServer(() => {})),
  {
    state: `${FAR_MS} ms away`,
    open: async (shelf) => {
      const { port } = await shelf.shared();
      const front = await shelf.front(port, (near, far) => {
        near.on('data', (bytes) => setTimeout(() => far.write(bytes), FAR_MS).unref());
        far.pipe(near);
      });
      return { inputs: [`redis://127.0.0.1:${front}`], nodeTimeoutMs: 120 };
    },
  },
  {
    state: 'TLS to a port without it',
    open: async (shelf) => ({ inputs: [`rediss://127.0.0.1:${(await shelf.server()).port}`] }),
  },
  {
    state: 'no TLS to a port with it',
    open: async (shelf) => ({
      inputs: [`redis://127.0.0.1:${(await tlsServer(shelf, 'IP:127.0.0.1')).port}`],
    }),
  },
  {
    state: 'a certificate that nobody here trusts',
    open: async (shelf) => ({
      inputs: [`rediss://127.0.0.1:${(await tlsServer(shelf, 'IP:127.0.0.1')).port}`],
    }),
  },
  {
    state: 'a certificate for another host',
    open: async (shelf) => {
      const { port, ca } = await tlsServer(shelf, 'DNS:elsewhere.example');
      return { inputs: [{ host: '127.0.0.1', port, tls: { ca } }] };
    },
  },
  {
    state: 'a client certificate is wanted',
    open: async (shelf) => {
      const { port, ca } = await tlsServer(shelf, 'IP:127.0.0.1', '--tls-auth-clients', 'yes');
      return { inputs: [{ host: '127.0.0.1', port, tls: { ca } }] };
    },
  },
];
