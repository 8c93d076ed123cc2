/** Faults of the network between replicas and nodes, on the links of tcp-proxy.ts. Each strikes all given links. */

import { connect } from 'node:net';
import { connectOutcome } from './connect-outcome.js';
import { eventually, type Fault, faultOf, sleepMs } from './fault.js';
import type { DirectionRules, LinkRules } from './link-rules.js';
import type { ProxyLink } from './tcp-proxy.js';

const PROBE_MS = 2_000;

export function slowLink(
  links: readonly ProxyLink[],
  delay: { readonly delayMs: number; readonly jitterMs?: number },
): Fault {
  const half: DirectionRules = { delayMs: delay.delayMs / 2, jitterMs: (delay.jitterMs ?? 0) / 2 };
  return ruled(links, `${delay.delayMs} ms slower link`, { requests: half, replies: half }, async (link) => {
    const tookMs = await roundTripMs(link, PROBE_MS + 2 * delay.delayMs);
    if (tookMs < delay.delayMs) throw new Error(`a round trip took only ${tookMs} ms`);
    return `round trip ${Math.round(tookMs)} ms`;
  });
}

/** `stallMs` is the retransmission timeout: 200 ms and more on Linux. */
export function lossyLink(
  links: readonly ProxyLink[],
  loss: { readonly stallChance: number; readonly stallMs: number },
): Fault {
  return ruled(links, `lossy link (${loss.stallChance})`, { requests: loss, replies: loss }, async (link) => {
    const { stalls } = await link.counters();
    await eventually(
      'a stall',
      async () => {
        await roundTripMs(link, PROBE_MS + 2 * loss.stallMs);
        return (await link.counters()).stalls > stalls;
      },
      PROBE_MS + (8 * loss.stallMs) / loss.stallChance,
    );
    return `${(await link.counters()).stalls - stalls} stall(s) of ${loss.stallMs} ms`;
  });
}

/** What replicas ask is lost; they hear nothing, on connections that look fine. */
export function silentRequests(links: readonly ProxyLink[]): Fault {
  return ruled(links, 'requests lost', { requests: { drop: true } }, unanswered);
}

/** Nodes act, and their answers are lost. */
export function silentReplies(links: readonly ProxyLink[]): Fault {
  return ruled(links, 'replies lost', { replies: { drop: true } }, unanswered);
}

/** Nothing passes; all of it arrives when it heals. */
export function partitionedLink(links: readonly ProxyLink[]): Fault {
  return ruled(links, 'partition', { requests: { hold: true }, replies: { hold: true } }, unanswered);
}

/** Replies wait: nodes have acted long before their answers arrive. */
export function heldReplies(links: readonly ProxyLink[]): Fault {
  return ruled(links, 'replies held', { replies: { hold: true } }, unanswered);
}

/** New connections are refused, and the open ones reset: a node's process that is not there. */
export function refusedLink(links: readonly ProxyLink[]): Fault {
  return ruled(links, 'connections refused', { refuse: true }, async (link) => {
    const count = await link.reset();
    const outcome = await connectOutcome(link.port);
    if (outcome !== 'ECONNREFUSED') throw new Error(`a new connection: ${outcome}`);
    return `${count} reset, new ones ECONNREFUSED`;
  });
}

export function resetLink(links: readonly ProxyLink[]): Fault {
  return faultOf({
    name: 'connections reset',
    strike: async () => {
      const counts = await Promise.all(links.map((link) => link.reset()));
      const count = counts.reduce((sum, one) => sum + one, 0);
      if (count === 0) throw new Error('there was no connection to reset');
      return `${count} connections reset`;
    },
  });
}

function ruled(
  links: readonly ProxyLink[],
  name: string,
  rules: LinkRules,
  verify: (link: ProxyLink) => Promise<string>,
): Fault {
  return faultOf({
    name,
    strike: async () => {
      await Promise.all(links.map((link) => link.set(rules)));
      const seen = await Promise.all(links.map(verify));
      return `${links.length} link(s): ${[...new Set(seen)].join('; ')}`;
    },
    heal: async () => {
      await Promise.all(links.map((link) => link.set({})));
      await Promise.all(links.map((link) => roundTripMs(link, PROBE_MS)));
    },
  });
}

const SILENCE_MS = 150;

async function unanswered(link: ProxyLink): Promise<string> {
  const silent = await Promise.race([
    roundTripMs(link, SILENCE_MS * 2).then(
      () => false,
      () => true,
    ),
    sleepMs(SILENCE_MS).then(() => true),
  ]);
  if (!silent) throw new Error('a PING was answered');
  return `PING unanswered for ${SILENCE_MS} ms`;
}

/** Of a PING on a connection of its own. An error of the server, as NOAUTH, is an answer. */
function roundTripMs(link: ProxyLink, withinMs: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const socket = connect(link.port, '127.0.0.1');
    let sentMs = 0;
    const fail = (why: string): void => {
      socket.destroy();
      reject(new Error(`no answer through port ${link.port}: ${why}`));
    };
    const timer = setTimeout(() => fail(`${withinMs} ms`), withinMs);
    socket.on('error', (error) => fail(error.message));
    socket.on('close', () => clearTimeout(timer));
    socket.on('connect', () => {
      sentMs = performance.now();
      socket.write('PING\r\n');
    });
    socket.on('data', () => {
      socket.destroy();
      resolve(performance.now() - sentMs);
    });
  });
}
