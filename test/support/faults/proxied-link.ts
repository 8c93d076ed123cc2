import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';
import { drawPort } from '../test-port.js';
import { AnswerLoss } from './answer-loss.js';
import type { AnswerLossOrder, DirectionRules, LinkCounters, LinkRules } from './link-rules.js';
import { type DirectionCounts, ProxiedDirection } from './proxied-direction.js';

const PORT_ATTEMPTS = 20;
const LOST: DirectionRules = { drop: true };

interface Target {
  readonly host: string;
  readonly port: number;
}

interface Connection {
  readonly target: Target;
  readonly sockets: readonly [Socket, Socket];
  readonly requests: ProxiedDirection;
  readonly replies: ProxiedDirection;
}

/** A port that leads to a node, under rules. Lives in the proxy's process. */
export class ProxiedLink {
  private rules: LinkRules = {};
  private server: Server | undefined;
  private port = 0;
  private accepted = 0;
  private resets = 0;
  private readonly connections = new Set<Connection>();
  private readonly requestCounts: DirectionCounts = { passedBytes: 0, droppedBytes: 0, stalls: 0 };
  private readonly replyCounts: DirectionCounts = { passedBytes: 0, droppedBytes: 0, stalls: 0 };

  private readonly loss = new AnswerLoss();

  constructor(private target: Target) {}

  /** Of new connections; the open ones go on as they are. */
  aim({ host, port }: Target): void {
    this.target = { host, port };
  }

  lose(order: AnswerLossOrder): void {
    this.loss.order(order);
  }

  async open(): Promise<number> {
    for (let attempt = 0; attempt < PORT_ATTEMPTS; attempt += 1) {
      this.port = drawPort();
      if (await this.listen()) return this.port;
    }
    throw new Error(`no free port in ${PORT_ATTEMPTS} attempts`);
  }

  async set(rules: LinkRules): Promise<void> {
    this.rules = rules;
    for (const { requests, replies, sockets } of [...this.connections]) {
      const isBroken =
        (requests.hasGap && rules.requests?.drop !== true) ||
        (replies.hasGap && rules.replies?.drop !== true);
      if (isBroken) this.resetBoth(sockets);
      requests.pump();
      replies.pump();
    }
    if (rules.refuse === true) await this.refuse();
    else if (this.server === undefined && !(await this.listen())) {
      throw new Error(`port ${this.port} was taken while it refused connections`);
    }
  }

  reset(): number {
    const open = [...this.connections];
    for (const { sockets } of open) this.resetBoth(sockets);
    return open.length;
  }

  counters(): LinkCounters {
    const held = [...this.connections].map(({ requests, replies }) => requests.heldBytes + replies.heldBytes);
    return {
      connections: this.connections.size,
      formerConnections: [...this.connections].filter(({ target }) => !this.isAimedAt(target)).length,
      accepted: this.accepted,
      requestBytes: this.requestCounts.passedBytes,
      replyBytes: this.replyCounts.passedBytes,
      droppedBytes: this.requestCounts.droppedBytes + this.replyCounts.droppedBytes,
      stalls: this.requestCounts.stalls + this.replyCounts.stalls,
      resets: this.resets,
      lostAnswers: this.loss.count,
      heldBytes: held.reduce((sum, bytes) => sum + bytes, 0),
    };
  }

  private async listen(): Promise<boolean> {
    // Half-open allowed: each side's end travels by itself, through the same queue as its bytes.
    const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.accept(socket));
    try {
      server.listen(this.port, '127.0.0.1');
      await once(server, 'listening');
      this.server = server;
      return true;
    } catch {
      return false;
    }
  }

  /** Only the listening ends; `close` would call back when the last connection has ended, which is not waited for. */
  private async refuse(): Promise<void> {
    this.server?.close();
    this.server = undefined;
  }

  private isAimedAt({ host, port }: Target): boolean {
    return host === this.target.host && port === this.target.port;
  }

  private accept(socket: Socket): void {
    this.accepted += 1;
    const { target } = this;
    const node = connect({ ...target, allowHalfOpen: true, noDelay: true });
    // Before the directions: what marks a request, and what loses its answer, comes before its bytes are passed on.
    const isDoomed = this.loss.watch(socket, node, () => this.resetBoth([socket, node]));
    const repliesRules = (): DirectionRules => (isDoomed() ? LOST : (this.rules.replies ?? {}));
    const connection: Connection = {
      target,
      sockets: [socket, node],
      requests: new ProxiedDirection(socket, node, () => this.rules.requests ?? {}, this.requestCounts),
      replies: new ProxiedDirection(node, socket, repliesRules, this.replyCounts),
    };
    this.connections.add(connection);
    const forgetClosed = (): void => {
      if (!(socket.closed && node.closed)) return;
      connection.requests.forget();
      connection.replies.forget();
      this.connections.delete(connection);
    };
    socket.on('close', forgetClosed);
    node.on('close', forgetClosed);
  }

  private resetBoth(sockets: readonly Socket[]): void {
    this.resets += 1;
    for (const socket of sockets) socket.resetAndDestroy();
  }
}
