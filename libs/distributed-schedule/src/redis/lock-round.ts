import type { ExtendVerdict, LockVerdict } from '../protocol/ports.js';
import { quorumOf } from '../protocol/quorum.js';
import type { LockReply } from './lock-reply.js';

/**
 * One request of the engine about one lock, and what each node said.
 *
 * The engine only tells for or against. Contention, a lost lock and a silent majority must stay distinct, so the
 * nodes note their words here and the verdict is read from them.
 */
export class LockRound {
  /** Resolves when a majority is against, or every node has noted its word: what follows changes nothing. */
  readonly decided: Promise<void>;
  readonly key: string;
  /** The engine's random value; undefined until it has sent the first message of an acquire. */
  value: string | undefined;
  readonly #nodeCount: number;
  readonly #replies: LockReply[] = [];
  #markDecided: () => void = () => {};

  constructor(key: string, nodeCount: number, value?: string) {
    this.key = key;
    this.value = value;
    this.#nodeCount = nodeCount;
    this.decided = new Promise((resolve) => {
      this.#markDecided = resolve;
    });
  }

  note(reply: LockReply): void {
    this.#replies.push(reply);
    if (this.#replies.length === this.#nodeCount || this.#isMajority('held') || this.#isMajority('lost')) {
      this.#markDecided();
    }
  }

  /** What a lost attempt means. Nodes in quarantine and late ones are silent: they spoke for nobody. */
  refusal(): Exclude<LockVerdict, { kind: 'acquired' }> {
    if (!this.#isMajority('held')) {
      return { kind: 'no_quorum', reason: this.#tally() };
    }
    const holder = this.#likeliestHolder();
    const freeInMs = this.#freeInMs();
    return {
      kind: 'held',
      ...(holder !== undefined && { holder }),
      ...(freeInMs !== undefined && { freeInMs }),
    };
  }

  /** What a renewal without a majority means. */
  loss(): Exclude<ExtendVerdict, { kind: 'extended' }> {
    return this.#isMajority('lost') ? { kind: 'lost' } : { kind: 'no_quorum', reason: this.#tally() };
  }

  #isMajority(word: LockReply['word']): boolean {
    return this.#replies.filter((reply) => reply.word === word).length >= quorumOf(this.#nodeCount);
  }

  /** When a majority of the nodes that said so will have freed the lock. */
  #freeInMs(): number | undefined {
    const waits = this.#replies.flatMap((reply) =>
      reply.word === 'held' && reply.freeInMs !== undefined ? [reply.freeInMs] : [],
    );
    return waits.sort((a, b) => a - b)[quorumOf(this.#nodeCount) - 1];
  }

  #likeliestHolder(): string | undefined {
    const counts = new Map<string, number>();
    for (const reply of this.#replies) {
      if (reply.word === 'held' && reply.holder !== undefined) {
        counts.set(reply.holder, (counts.get(reply.holder) ?? 0) + 1);
      }
    }
    const [likeliest] = [...counts].sort(([, one], [, other]) => other - one);
    return likeliest?.[0];
  }

  /** For people: "1 acquired, 1 held, 1 timeout of 3 nodes". */
  #tally(): string {
    const counts = new Map<string, number>();
    for (const reply of this.#replies) {
      const word = reply.word === 'silent' ? reply.reason : reply.word;
      counts.set(word, (counts.get(word) ?? 0) + 1);
    }
    const missing = this.#nodeCount - this.#replies.length;
    const parts = [...counts].map(([word, count]) => `${count} ${word}`).sort();
    return `${[...parts, ...(missing > 0 ? [`${missing} pending`] : [])].join(', ')} of ${this.#nodeCount} nodes`;
  }
}
