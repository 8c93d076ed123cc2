/**
 * TCP proxies between replicas and nodes, in user space: no root, any system. What they cannot do: leave a new
 * connection without an answer (the kernel accepts it), for which there is network-namespace.ts.
 */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { AnswerLossOrder, LinkCounters, LinkRules, ProxyReply, ProxyRequest } from './link-rules.js';

const PROGRAM = fileURLToPath(new URL('./tcp-proxy.process.ts', import.meta.url));
const TYPESCRIPT = new URL('../../../scripts/typescript.mjs', import.meta.url);

/** One process for all links of a test. It ends with the test's. */
export class ProxyHost {
  private readonly waiting = new Map<number, (reply: ProxyReply) => void>();
  private sent = 0;
  private opened = 0;

  private constructor(private readonly child: ChildProcess) {
    child.on('message', (reply: ProxyReply) => {
      this.waiting.get(reply.id)?.(reply);
      this.waiting.delete(reply.id);
    });
    child.on('error', (error) => this.failAll(String(error)));
    child.on('exit', () => this.failAll('the proxy has ended'));
  }

  static open(): ProxyHost {
    const execArgv = ['--import', TYPESCRIPT.href];
    return new ProxyHost(fork(PROGRAM, { execArgv, stdio: ['ignore', 'inherit', 'inherit', 'ipc'] }));
  }

  /** A port of its own that leads to the node of that URL; user and password stay in the link's URL. */
  async link(targetUrl: string): Promise<ProxyLink> {
    const target = new URL(targetUrl);
    this.opened += 1;
    const link = this.opened;
    const port = await this.ask({ type: 'open', link, host: target.hostname, port: Number(target.port) });
    return new ProxyLink(this, link, Number(port), targetUrl);
  }

  async close(): Promise<void> {
    const { exitCode, signalCode, pid } = this.child;
    if (exitCode !== null || signalCode !== null || pid === undefined) return;
    const ended = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await ended;
  }

  ask(request: ProxyRequest): Promise<ProxyReply['answer']> {
    this.sent += 1;
    const id = this.sent;
    return new Promise((resolve, reject) => {
      this.waiting.set(id, ({ answer, error }) => {
        if (error === undefined) resolve(answer);
        else reject(new Error(error));
      });
      if (this.child.connected) this.child.send({ id, request });
      else this.failAll('the proxy has ended');
    });
  }

  private failAll(error: string): void {
    for (const [id, settle] of this.waiting) settle({ id, error });
    this.waiting.clear();
  }
}

/** One replica's way to one node. */
export class ProxyLink {
  constructor(
    private readonly host: ProxyHost,
    private readonly link: number,
    readonly port: number,
    readonly targetUrl: string,
  ) {}

  get url(): string {
    const url = new URL(this.targetUrl);
    url.hostname = '127.0.0.1';
    url.port = String(this.port);
    return url.href;
  }

  /** Replaces all rules; `{}` makes it a plain link. In force when this resolves. */
  async set(rules: LinkRules): Promise<void> {
    await this.host.ask({ type: 'rules', link: this.link, rules });
  }

  /** From now on new connections lead to that server: the name has come to mean another one. The open ones stay. */
  async aim(targetUrl: string): Promise<void> {
    const { hostname, port } = new URL(targetUrl);
    await this.host.ask({ type: 'aim', link: this.link, host: hostname, port: Number(port) });
  }

  /** The node acts on the next such requests; instead of its answer comes a reset. Replaces what was ordered before. */
  async lose(order: AnswerLossOrder): Promise<void> {
    await this.host.ask({ type: 'lose', link: this.link, order });
  }

  /** Resets all open connections and resolves to their number. */
  async reset(): Promise<number> {
    return Number(await this.host.ask({ type: 'reset', link: this.link }));
  }

  async counters(): Promise<LinkCounters> {
    return (await this.host.ask({ type: 'counters', link: this.link })) as LinkCounters;
  }
}
