/** Which processes waited so long for a processor that they answered too late. Pure. */

import type { Facts, Span } from './incident.js';

/** A process that waited longer than this answers too late: the node timeout is 120 ms. */
const STARVED_MS = 100;

const SERVER = /^redis (\d+)$/;

export class Starved {
  private constructor(
    private readonly waitedMs: ReadonlyMap<string, number>,
    private readonly votes: number,
  ) {}

  static in({ starvation, nodes }: Facts, span: Span): Starved {
    const waitedMs = new Map<string, number>();
    for (const one of starvation) {
      if (one.toMs < span.fromMs || one.fromMs > span.toMs) continue;
      waitedMs.set(one.process, (waitedMs.get(one.process) ?? 0) + one.waitedMs);
    }
    return new Starved(new Map([...waitedMs].filter(([, waited]) => waited >= STARVED_MS)), nodes);
  }

  has(process: string): boolean {
    return this.waitedMs.has(process);
  }

  /** Nodes whose server it was. Behind Sentinels several servers are one. */
  get nodes(): readonly number[] {
    const numbers = [...this.waitedMs.keys()].flatMap(
      (name) => SERVER.exec(name)?.slice(1).map(Number) ?? [],
    );
    return [...new Set(numbers.map((number) => (number - 1) % this.votes))];
  }

  toString(): string {
    return [...this.waitedMs]
      .map(([name, waited]) => `${name} waited ${Math.round(waited)} ms for a processor`)
      .join(', ');
  }
}
