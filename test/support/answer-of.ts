import type { NodeReply } from '#src/protocol/contract/ports.js';

/** The value of a reply that must be there. */
export function answerOf<T>(reply: NodeReply<T> | undefined): T {
  if (reply === undefined || !reply.answered) throw new Error(`no answer: ${reply?.reason ?? 'no node'}`);
  return reply.value;
}
