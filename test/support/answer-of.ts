import type { NodeReply } from '../../libs/distributed-schedule/src/protocol/ports.js';

/** The value of a reply that must be there. */
export function answerOf<T>(reply: NodeReply<T> | undefined): T {
  if (reply === undefined || !reply.answered) {
    throw new Error(`no answer: ${reply?.reason ?? 'no node'}`);
  }
  return reply.value;
}
