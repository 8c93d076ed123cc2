import { createConnection } from 'node:net';
import { AbstractConnector, type RedisOptions } from 'ioredis';

const HOST = '127.0.0.1';
const DISCONNECT_TIMEOUT_MS = 1;

/** All must name a master by the same address, or they are different sets of nodes: only the way differs. */
export function connectorTo(port: number): NonNullable<RedisOptions['Connector']> {
  return class extends AbstractConnector {
    constructor() {
      super(DISCONNECT_TIMEOUT_MS);
    }

    async connect(): Promise<AbstractConnector['stream']> {
      this.connecting = true;
      this.stream = createConnection({ host: HOST, port });
      return this.stream;
    }
  };
}
