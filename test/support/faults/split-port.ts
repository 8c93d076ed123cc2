/**
 * One address that means different servers to different instances, as after a change of DNS, of a proxy or of a Service: those
 * that come over IPv6 and those that come over IPv4 are led apart. The library takes both loopback addresses for one. What
 * is connected stays connected when the target changes.
 */

import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

export type Side = 'v4' | 'v6';

const HOSTS = { v4: '127.0.0.1', v6: '::1' } as const;
const PORT_ATTEMPTS = 20;

interface Target {
  readonly port: number;
}

export class SplitPort {
  private readonly targets: Record<Side, Target | undefined>;
  private readonly sockets: Record<Side, Set<Socket>> = { v4: new Set(), v6: new Set() };
  private readonly servers: Server[] = [];
  private port = 0;

  private constructor(target: Target) {
    this.targets = { v4: target, v6: target };
  }

  static async open(target: Target): Promise<SplitPort> {
    for (let attempt = 0; attempt < PORT_ATTEMPTS; attempt += 1) {
      const split = new SplitPort(target);
      if (await split.listen()) return split;
      await split.close();
    }
    throw new Error(`no port that is free on both loopback addresses in ${PORT_ATTEMPTS} attempts`);
  }

  url(side: Side): string {
    return `redis://${side === 'v4' ? HOSTS.v4 : `[${HOSTS.v6}]`}:${this.port}`;
  }

  /** Where new connections lead; undefined: nowhere. */
  lead(side: Side, target: Target | undefined): void {
    this.targets[side] = target;
  }

  /** Ends what is connected. */
  cut(side: Side): void {
    for (const socket of this.sockets[side]) socket.destroy();
  }

  async close(): Promise<void> {
    for (const side of ['v4', 'v6'] as const) this.cut(side);
    await Promise.all(
      this.servers.map(async (server) => {
        if (!server.listening) return;
        server.close();
        await once(server, 'close');
      }),
    );
  }

  private async listen(): Promise<boolean> {
    try {
      this.port = await this.listenOn('v4', 0);
      await this.listenOn('v6', this.port);
      return true;
    } catch {
      return false;
    }
  }

  private async listenOn(side: Side, port: number): Promise<number> {
    const server = createServer((socket) => this.join(side, socket));
    this.servers.push(server);
    server.listen({ host: HOSTS[side], port });
    await once(server, 'listening');
    const address = server.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  private join(side: Side, socket: Socket): void {
    const target = this.targets[side];
    if (target === undefined) {
      socket.destroy();
      return;
    }
    const onward = connect({ host: '127.0.0.1', port: target.port, noDelay: true });
    socket.setNoDelay(true);
    this.sockets[side].add(socket);
    const end = (): void => {
      this.sockets[side].delete(socket);
      socket.destroy();
      onward.destroy();
    };
    for (const one of [socket, onward]) one.on('error', end).on('close', end);
    socket.pipe(onward).pipe(socket);
  }
}
