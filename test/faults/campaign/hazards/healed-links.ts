import { connect } from 'node:net';
import { eventually, type Fault } from '../../../support/faults/fault.js';
import type { ProxyLink } from '../../../support/faults/tcp-proxy.js';

const PATIENCE_MS = 500;

/**
 * A fault of links that counts as healed although a node at their other end is down or stopped by another fault: no
 * answer comes through such a link, and none comes past it.
 */
export function healedLinks(fault: Fault, links: readonly ProxyLink[]): Fault {
  return {
    ...fault,
    heal: async () => {
      try {
        await fault.heal();
      } catch {
        await Promise.all(links.map(requirePassage));
      }
    },
  };
}

async function requirePassage(link: ProxyLink): Promise<void> {
  await eventually(
    `the link ${link.port} passes on`,
    async () => (await answersAt(link.url)) || !(await answersAt(link.targetUrl)),
  );
}

function answersAt(url: string): Promise<boolean> {
  const { hostname, port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname);
    const end = (answered: boolean): void => {
      socket.destroy();
      resolve(answered);
    };
    socket.setTimeout(PATIENCE_MS, () => end(false));
    socket.on('error', () => end(false));
    socket.on('close', () => end(false));
    socket.on('data', () => end(true));
    socket.write('PING\r\n');
  });
}
