/**
 * A network of hosts on this machine: each is a Linux network namespace, and all hang on one bridge, which has a
 * namespace too. The test is a host of its own (`here`), so it reaches them all. The kernel does the TCP: what is cut
 * here keeps its sockets, retransmits, and lets new connections wait, as between machines. Needs root.
 */

import { execFile, execFileSync } from 'node:child_process';
import { networkInterfaces } from 'node:os';
import { promisify } from 'node:util';
import { HERE, type Place } from '../place.js';

const run = promisify(execFile);

/** Names start with it and the process id of their owner: what a killed test left behind is found again. */
const PREFIX = 'dsnet';
// 198.18.0.0/15 is set aside for tests of networks; a network takes 256 addresses of it.
const FIRST_OCTETS = ['198.18', '198.19'] as const;
const MASK_BITS = 24;

export interface Host extends Place {
  readonly name: string;
  /** Its end of the cable. */
  readonly device: string;
  /** The bridge's end of the cable. */
  readonly port: string;
  /** All hosts of its network, itself among them. */
  readonly network: readonly Host[];
}

let reason: string | undefined | null = null;

/** Why this machine has no such networks, found out by making one. */
export function networkUnavailable(): string | undefined {
  if (reason === null) reason = findReason();
  return reason;
}

function findReason(): string | undefined {
  if (process.platform !== 'linux') return 'network namespaces need Linux';
  if (process.getuid?.() !== 0) return 'network namespaces need root';
  const probe = `${PREFIX}${process.pid}-probe`;
  try {
    execFileSync('nsenter', ['--version'], { stdio: 'pipe' });
    execFileSync('ip', ['netns', 'add', probe], { stdio: 'pipe' });
  } catch (error) {
    return `no network namespace can be made (iproute2 and util-linux are needed): ${firstLine(error)}`;
  }
  try {
    execFileSync('ip', ['-n', probe, 'link', 'add', 'br0', 'type', 'bridge'], { stdio: 'pipe' });
    execFileSync('ip', ['-n', probe, 'link', 'add', 'v0', 'type', 'veth', 'peer', 'name', 'v1'], {
      stdio: 'pipe',
    });
    return undefined;
  } catch (error) {
    return `the kernel has no bridge or no veth: ${firstLine(error)}`;
  } finally {
    execFileSync('ip', ['netns', 'del', probe]);
  }
}

let opened = 0;
const open = new Set<Network>();

export class Network {
  readonly hosts: Host[] = [];
  private readonly hub: string;

  private constructor(
    private readonly id: string,
    private readonly subnet: string,
  ) {
    this.hub = `${id}-hub`;
  }

  static async open(): Promise<Network> {
    const unavailable = networkUnavailable();
    if (unavailable !== undefined) throw new Error(unavailable);
    if (open.size === 0 && opened === 0) {
      process.once('exit', () => {
        for (const network of open) network.remove();
      });
      await sweep();
    }
    opened += 1;
    const network = new Network(`${PREFIX}${process.pid}n${opened}`, freeSubnet());
    open.add(network);
    await ip('netns', 'add', network.hub);
    await ip('-n', network.hub, 'link', 'add', 'br0', 'type', 'bridge');
    await ip('-n', network.hub, 'link', 'set', 'br0', 'up');
    await network.plugIn('the test', undefined);
    return network;
  }

  /** The test itself. */
  get here(): Host {
    const [here] = this.hosts;
    if (here === undefined) throw new Error('the network is not open');
    return here;
  }

  async addHost(name: string): Promise<Host> {
    const namespace = `${this.id}-${this.hosts.length}`;
    await ip('netns', 'add', namespace);
    await ip('-n', namespace, 'link', 'set', 'lo', 'up');
    return await this.plugIn(name, namespace);
  }

  /** The end of the cable at the bridge: its host sees no carrier, keeps its address and its sockets. */
  async setLink(host: Host, state: 'up' | 'down'): Promise<void> {
    await ip('-n', this.hub, 'link', 'set', host.port, state);
  }

  /** Kills what still runs there and removes all of it. */
  async close(): Promise<void> {
    this.remove();
    open.delete(this);
  }

  private async plugIn(name: string, namespace: string | undefined): Promise<Host> {
    const index = this.hosts.length;
    const port = `port${index}`;
    const device = namespace === undefined ? `ds${process.pid}n${opened}` : 'eth0';
    const address = `${this.subnet}.${index + 1}`;
    const where = namespace === undefined ? [] : ['-n', namespace];
    const end = ['name', device, ...(namespace === undefined ? [] : ['netns', namespace])];
    if (namespace === undefined) {
      await ip('link', 'add', device, 'type', 'veth', 'peer', 'name', port, 'netns', this.hub);
    } else await ip('-n', this.hub, 'link', 'add', port, 'type', 'veth', 'peer', ...end);
    await ip('-n', this.hub, 'link', 'set', port, 'master', 'br0', 'up');
    await ip(...where, 'addr', 'add', `${address}/${MASK_BITS}`, 'dev', device);
    await ip(...where, 'link', 'set', device, 'up');
    const within = namespace === undefined ? HERE.within : ['nsenter', `--net=/run/netns/${namespace}`];
    const host: Host = { name, address, device, port, within, network: this.hosts };
    this.hosts.push(host);
    return host;
  }

  private remove(): void {
    const names = [this.hub, ...this.hosts.slice(1).map((_, index) => `${this.id}-${index + 1}`)];
    for (const name of names) removeNamespace(name);
  }
}

async function ip(...args: string[]): Promise<string> {
  return (await run('ip', args)).stdout;
}

/** Of test processes that ended without their `exit` handlers. */
async function sweep(): Promise<void> {
  for (const line of (await ip('netns', 'list')).split('\n')) {
    const [, name, pid] = new RegExp(`^(${PREFIX}(\\d+)\\S*)`).exec(line) ?? [];
    if (name !== undefined && !isAlive(Number(pid))) removeNamespace(name);
  }
}

function removeNamespace(name: string): void {
  try {
    const pids = execFileSync('ip', ['netns', 'pids', name], { stdio: 'pipe' }).toString();
    for (const pid of pids.split('\n').filter((text) => text !== '')) process.kill(Number(pid), 'SIGKILL');
    execFileSync('ip', ['netns', 'del', name], { stdio: 'pipe' });
  } catch {
    // Gone already.
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

function freeSubnet(): string {
  const taken = Object.values(networkInterfaces()).flatMap((list = []) => list.map(({ address }) => address));
  for (;;) {
    const first = FIRST_OCTETS[Math.floor(Math.random() * FIRST_OCTETS.length)];
    const subnet = `${first}.${Math.floor(Math.random() * 256)}`;
    if (!taken.some((address) => address.startsWith(`${subnet}.`))) return subnet;
  }
}

function firstLine(error: unknown): string {
  return String(error instanceof Error ? error.message : error)
    .split('\n')
    .join(' ')
    .slice(0, 200);
}
