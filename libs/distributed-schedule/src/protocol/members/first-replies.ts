import type { TimeSample } from '../contract/ports.js';

/** Calls back when a node is heard for the first time: what nobody could answer while it was being connected is asked again then. */
export class FirstReplies {
  private readonly heard = new Set<number>();

  constructor(private readonly onFirst: () => void) {}

  note({ node }: Pick<TimeSample, 'node'>): void {
    if (this.heard.has(node)) return;
    this.heard.add(node);
    this.onFirst();
  }
}
