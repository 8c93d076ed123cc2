import type { AddressInfo, Server } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';
import type { RedisInput } from '#src/redis/connection/redis-input.js';
import { type RedisServer, type RedisServerOptions, startRedis } from '../../support/redis-server.js';

/** Something that people point an instance at, and that is not fit to vote, or not quite. */
export interface BadStore {
  /** As the table of docs/errors.md names it. */
  readonly state: string;
  open(shelf: Shelf): Promise<OpenedStore>;
}

export interface OpenedStore {
  readonly inputs: readonly RedisInput[];
  /** Ports, hosts or paths whose connections count; those of the inputs where absent. */
  readonly targets?: readonly (string | number)[];
  readonly namespace?: string;
  /** Default a second, so that a busy machine looks like no slow node. */
  readonly nodeTimeoutMs?: number;
  /** What makes it bad only when it was reached. */
  readonly spoil?: () => Promise<void>;
}

export const SECRET = 'geheim-7f3a';

/** What the states are made of. All of it goes with `clear`. */
export class Shelf {
  private readonly endings: (() => unknown)[] = [];
  private plain: Promise<RedisServer> | undefined;

  /** A healthy server that states may share; each has an address of its own for it. */
  shared(): Promise<RedisServer> {
    this.plain ??= this.server();
    return this.plain;
  }

  async server(options: RedisServerOptions = {}): Promise<RedisServer> {
    const server = await startRedis(options);
    this.endings.push(() => server.stop());
    return server;
  }

  /** A user of the shared server who has these rights, at an address of its own. */
  async user(name: string, ...rights: readonly string[]): Promise<string> {
    const server = await this.shared();
    await server.client().acl('SETUSER', name, 'on', `>${SECRET}`, ...rights);
    return `redis://${name}:${SECRET}@127.0.0.1:${await this.front(server.port)}`;
  }

  /** Another address of a port. `ways` may look at, delay or end what passes. */
  front(port: number, pass: (near: Socket, far: Socket) => void = pipe): Promise<number> {
    return this.listen(
      createServer((near) => {
        const far = connect(port, '127.0.0.1');
        this.endTogether(near, far);
        pass(near, far);
      }),
    );
  }

  async listen(listener: Pick<Server, 'listen' | 'address' | 'close' | 'on'>): Promise<number> {
    const sockets = new Set<Socket>();
    listener.on('connection', (socket: Socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('close', () => sockets.delete(socket));
    });
    this.endings.push(() => {
      for (const socket of sockets) socket.destroy();
      listener.close();
    });
    await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
    return (listener.address() as AddressInfo).port;
  }

  later(ending: () => unknown): void {
    this.endings.push(ending);
  }

  async clear(): Promise<void> {
    for (const end of this.endings.splice(0).reverse()) await end();
  }

  private endTogether(near: Socket, far: Socket): void {
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      one.on('error', () => {});
      one.on('close', () => other.destroy());
    }
  }
}

function pipe(near: Socket, far: Socket): void {
  near.pipe(far).pipe(near);
}

/** Nobody listens there, unless somebody takes it meanwhile. */
export async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
