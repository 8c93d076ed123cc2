import type { Socket } from 'node:net';
import type { AnswerLossOrder } from './link-rules.js';

/** What else the node has answered to the same bytes may come in pieces: all of it has been done when this has passed. */
const SETTLING_MS = 3;

/** Requests that a node acts on and whose answers nobody gets: the connection is reset in their place. */
export class AnswerLoss {
  /** Answers lost so far. */
  count = 0;
  private wanted: AnswerLossOrder = { to: [], times: 0 };

  order(order: AnswerLossOrder): void {
    this.wanted = order;
  }

  /** Watches one connection. Answers whether the node's replies there are to be dropped, as of now. */
  watch(client: Socket, node: Socket, reset: () => void): () => boolean {
    let isDoomed = false;
    client.on('data', (bytes: Buffer) => {
      if (isDoomed || !this.isMeant(bytes)) return;
      this.wanted = { ...this.wanted, times: this.wanted.times - 1 };
      isDoomed = true;
    });
    node.on('data', () => {
      if (!isDoomed || client.destroyed) return;
      setTimeout(() => {
        if (client.destroyed) return;
        this.count += 1;
        reset();
      }, SETTLING_MS);
    });
    return () => isDoomed;
  }

  private isMeant(bytes: Buffer): boolean {
    return this.wanted.times > 0 && this.wanted.to.some((text) => bytes.includes(text));
  }
}
