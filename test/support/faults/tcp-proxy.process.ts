// A process of its own: what the test's event loop does at the time must not look like a fault of the network. Not a
// worker thread: Node 20 can spin for ever when it ends one that has open sockets.

import type { LinkCounters, ProxyReply, ProxyRequest } from './link-rules.js';
import { ProxiedLink } from './proxied-link.js';

const links = new Map<number, ProxiedLink>();

process.on('message', async ({ id, request }: { id: number; request: ProxyRequest }) => {
  let reply: ProxyReply;
  try {
    const answer = await answerTo(request);
    reply = answer === undefined ? { id } : { id, answer };
  } catch (error) {
    reply = { id, error: String(error) };
  }
  process.send?.(reply);
});
// The test has ended, however it did.
process.on('disconnect', () => process.exit());

async function answerTo(request: ProxyRequest): Promise<number | LinkCounters | undefined> {
  if (request.type === 'open') {
    const link = new ProxiedLink(request);
    links.set(request.link, link);
    return await link.open();
  }
  const link = links.get(request.link);
  if (link === undefined) throw new Error(`no link ${request.link}`);
  if (request.type === 'counters') return link.counters();
  if (request.type === 'reset') return link.reset();
  if (request.type === 'aim') link.aim(request);
  else if (request.type === 'lose') link.lose(request.order);
  else await link.set(request.rules);
  return undefined;
}
