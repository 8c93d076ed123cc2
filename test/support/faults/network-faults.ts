/** Partitions between the hosts of network-namespace.ts. */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { commandIn } from '../place.js';
import { eventually, type Fault, faultOf } from './fault.js';
import { type Host, type Network, networkUnavailable } from './network-namespace.js';

const run = promisify(execFile);

/** Nobody has it: frames to it go out of every port of the bridge and are taken by none. */
const NOBODYS_MAC = '02:00:00:00:fa:11';
/** Nobody listens there: a host that is reached refuses at once, one that is not stays silent. */
const CLOSED_PORT = 9;
const SILENCE_MS = 200;

/** The cable of a host is pulled: it reaches nobody, not even the test. */
export function hostCutOff(network: Network, host: Host): Fault {
  return faultOf({
    name: `${host.name} cut off`,
    unavailable: networkUnavailable,
    strike: async () => {
      await network.setLink(host, 'down');
      return await requireSilence(network.here, host);
    },
    heal: async () => {
      await network.setLink(host, 'up');
      await untilReached(network.here, host);
    },
  });
}

/** Frames between two hosts vanish, or only those from the first to the second. Everybody else reaches both. */
export function pathCut(from: Host, to: Host, ways: 'both' | 'one way' = 'both'): Fault {
  const pairs: readonly (readonly [Host, Host])[] =
    ways === 'both'
      ? [
          [from, to],
          [to, from],
        ]
      : [[from, to]];
  return pairsCut(`${from.name} ${ways === 'both' ? '<->' : '->'} ${to.name} cut`, pairs);
}

/** Each host of one group is cut from each of the other; inside a group, and to the test, all is well. */
export function groupsCut(left: readonly Host[], right: readonly Host[]): Fault {
  const pairs = left.flatMap((one) =>
    right.flatMap((other): [Host, Host][] => [
      [one, other],
      [other, one],
    ]),
  );
  return pairsCut(`${namesOf(left)} | ${namesOf(right)}`, pairs);
}

function pairsCut(name: string, pairs: readonly (readonly [Host, Host])[]): Fault {
  return faultOf({
    name,
    unavailable: networkUnavailable,
    strike: async () => {
      await Promise.all(pairs.map(([from, to]) => misdirect(from, to)));
      const seen = await Promise.all(pairs.map(([from, to]) => requireSilence(from, to)));
      return seen.join('; ');
    },
    heal: async () => {
      await Promise.all(
        pairs.map(([from, to]) => inHost(from, 'ip', ['neigh', 'del', to.address, 'dev', from.device])),
      );
      await Promise.all(pairs.map(([from, to]) => untilReached(from, to)));
    },
  });
}

/** A wrong entry of the neighbour table: no packet filter is needed, and nothing tells the sender. */
async function misdirect(from: Host, to: Host): Promise<void> {
  const entry = [to.address, 'lladdr', NOBODYS_MAC, 'dev', from.device, 'nud', 'permanent'];
  await inHost(from, 'ip', ['neigh', 'replace', ...entry]);
}

async function requireSilence(from: Host, to: Host): Promise<string> {
  const outcome = await connectOutcome(from, to);
  if (outcome !== 'silence') throw new Error(`${from.name} -> ${to.name}: ${outcome}, though cut`);
  return `${from.name} -> ${to.name}: no answer within ${SILENCE_MS} ms`;
}

async function untilReached(from: Host, to: Host): Promise<void> {
  await eventually(
    `${from.name} reaches ${to.name}`,
    async () => (await connectOutcome(from, to)) === 'ECONNREFUSED',
  );
}

/** How long one process waits at most for its first control. */
const CONTROL_WITHIN_MS = 3_000;

/**
 * Says how a new connection fares. Silence counts only once a control in the same process has been answered: a process
 * that gets no processor, or a network that is dead altogether, hears nothing from anybody.
 */
const CONNECT = `
  const { connect } = require('node:net');
  const [target, ...controls] = process.argv.slice(1);
  const say = (outcome) => { console.log(outcome); process.exit(0); };
  const socket = connect(${CLOSED_PORT}, target);
  socket.on('error', (error) => say(error.code));
  socket.on('connect', () => say('connected'));
  const answered = new Promise((resolve) => {
    for (const control of controls) {
      connect(${CLOSED_PORT}, control).on('connect', resolve).on('error', ({ code }) => code === 'ECONNREFUSED' && resolve());
    }
  });
  const patience = new Promise((resolve) => setTimeout(resolve, ${SILENCE_MS}));
  Promise.all([answered, patience]).then(() => setImmediate(() => say('silence')));
  setTimeout(() => say('no control answers either'), ${CONTROL_WITHIN_MS});
`;

/** How a new connection fares, tried from that host. All others of the network are controls: some of them may be cut. */
async function connectOutcome(from: Host, to: Host): Promise<string> {
  const controls = from.network.filter((host) => host !== from && host !== to).map(({ address }) => address);
  return (await inHost(from, process.execPath, ['-e', CONNECT, to.address, ...controls])).trim();
}

async function inHost(host: Host, command: string, args: readonly string[]): Promise<string> {
  return (await run(...commandIn(host, command, args))).stdout;
}

function namesOf(hosts: readonly Host[]): string {
  return hosts.map(({ name }) => name).join(', ');
}
