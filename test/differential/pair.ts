/** A real server and its model, which are told the same and must answer and store the same. */

import type { ClockShim } from '../support/clock-shim/clock-shim.js';
import { ModelSide } from './model-side.js';
import { INSTANCES, type Operation, TASKS } from './operation.js';
import { RealSide } from './real-side.js';
import { resolve } from './resolve.js';
import {
  type Answer,
  describeStep,
  type Mishap,
  type Question,
  type Step,
  type StoredState,
} from './step.js';

/** The real server did or stored what the model did not. */
export class Difference extends Error {}

export interface PairEvents {
  /** Each word of each answer, e.g. `claim granted`. */
  readonly onWord: (word: string) => void;
  readonly onStep: (line: string) => void;
}

const ENDS = / ends?$/;
/** May expire between a script and the look at what it stored: compared only where the clock stands still. */
const FLEETING = /^lock |^members? |^signs? |^set |^keys that/;
const EDGE_MS = 5;
/** Longest wait for an instant on a clock that cannot be set. */
const MAX_WAIT_MS = 1_500;

export class Pair {
  private model: ModelSide;

  private constructor(
    readonly real: RealSide,
    /** Undefined where the server's clock cannot be set. */
    private readonly shim: ClockShim | undefined,
    private readonly events: PairEvents,
  ) {
    this.model = new ModelSide(0);
  }

  static async start(shim: ClockShim | undefined, events: PairEvents): Promise<Pair> {
    const real = await RealSide.start(TASKS, shim?.env());
    await shim?.requireEffect(() => real.nowMs());
    return new Pair(real, shim, events);
  }

  /** Both forget everything. @param epochMs what the clock shows, where it can be set */
  async reset(epochMs: number): Promise<void> {
    this.shim?.freeze(epochMs);
    await this.real.reset();
    this.model = new ModelSide(await this.real.nowMs());
    for (const instanceId of INSTANCES) await this.suffer({ kind: 'presence', instanceId, isPresent: true });
  }

  /** @throws Difference */
  async run(operation: Operation): Promise<void> {
    for (const step of resolve(operation, this.model)) {
      const line = describeStep(step, this.model.nowMs);
      this.events.onStep(line);
      await this.take(step);
      this.compareStates(await this.real.state(), this.model.state());
    }
  }

  async stop(): Promise<void> {
    await this.real.stop();
  }

  private async take(step: Step): Promise<void> {
    switch (step.kind) {
      case 'clock':
        return this.setClock(this.besideEnds(step.toMs));
      case 'mishap':
        this.events.onWord(`mishap ${step.mishap.kind}`);
        return this.suffer(step.mishap);
      case 'ask':
        return this.ask(step.question);
    }
  }

  private async suffer(mishap: Mishap): Promise<void> {
    await this.real.suffer(mishap);
    this.model.suffer(mishap);
  }

  /** In the very last ms of a key, Redis 7 still had it whenever it was looked at, and Redis 8 sometimes not. */
  private besideEnds(ms: number): number {
    const endsMs = [...this.model.state()].filter(([name]) => ENDS.test(name)).map(([, end]) => Number(end));
    return endsMs.includes(ms) ? this.besideEnds(ms + 1) : ms;
  }

  private async setClock(toMs: number): Promise<void> {
    if (this.shim !== undefined) {
      this.events.onWord(toMs < this.model.nowMs ? 'clock back' : 'clock forward');
      this.shim.freeze(toMs);
      this.model.nowMs = toMs;
      return;
    }
    const waitMs = toMs - (await this.real.nowMs());
    if (waitMs > 0 && waitMs < MAX_WAIT_MS) await new Promise((wake) => setTimeout(wake, waitMs));
    this.model.nowMs = await this.real.nowMs();
  }

  private async ask(question: Question): Promise<void> {
    if (this.shim === undefined) await this.leaveEdge();
    const { answer, nowMs } = await this.real.ask(question);
    if (this.shim !== undefined && nowMs !== this.shim.nowMs()) {
      throw new Error(`the server's clock shows ${nowMs} and not ${this.shim.nowMs()}`);
    }
    this.model.nowMs = nowMs;
    this.model.nonce = await this.real.nonce();
    const expected = await this.model.ask(question);
    for (const word of expected) this.events.onWord(`${question.kind} ${kindOfWord(word)}`);
    this.events.onStep(`    -> ${answer.join(' | ')}`);
    this.compareAnswers(answer, expected);
  }

  /** A server's scripts may read the clock twice: in real time nothing may expire just then. */
  private async leaveEdge(): Promise<void> {
    const endsMs = [...this.model.state()].filter(([name]) => ENDS.test(name)).map(([, end]) => Number(end));
    for (;;) {
      const nowMs = await this.real.nowMs();
      if (!endsMs.some((endMs) => Math.abs(endMs - nowMs) < EDGE_MS)) return;
    }
  }

  private compareAnswers(answer: Answer, expected: Answer): void {
    if (this.comparable(answer) !== this.comparable(expected)) {
      throw new Difference(`the server answered [${answer.join(', ')}], the model [${expected.join(', ')}]`);
    }
  }

  private comparable(answer: Answer): string {
    const text = answer.join('\n');
    return this.shim === undefined ? text.replace(/dying \d+/g, 'dying') : text;
  }

  private compareStates(real: StoredState, model: StoredState): void {
    for (const name of new Set([...real.keys(), ...model.keys()])) {
      if (this.shim === undefined && FLEETING.test(name)) continue;
      const [stored, expected] = [real.get(name) ?? 'nothing', model.get(name) ?? 'nothing'];
      if (stored !== expected) {
        throw new Difference(`'${name}' is ${stored} in the server, ${expected} in the model`);
      }
    }
  }
}

/** The first word, and whether more follows: `taken id`, `held holder`. Ticks of a peek count as one word. */
function kindOfWord(word: string): string {
  const [first = '', ...rest] = word.split(' ');
  if (/^\d+$/.test(first) && rest.length === 3 && rest[2] !== '-') return 'perhaps gone';
  if (/^\d+$/.test(first)) return rest[0] === '-' ? 'nobody' : 'somebody';
  if (['short', 'full'].includes(first)) return `in ${first}`;
  if (first === 'members') return rest.length > 1 ? 'several members' : 'one member';
  if (/^\d+\.\w+$/.test(first)) return 'an id';
  if (first === 'taken' && rest[0] === '-') return 'taken by a clock set back';
  if (['early', 'quarantined'].includes(first) && rest.length > 0) return `${first} by a clock set back`;
  if (first === 'identity') return rest[1] === '1' ? 'with a vote' : 'without a vote';
  return rest.length === 0 || first === 'dying'
    ? first
    : `${first} ${first === 'seen' ? rest[0] : 'with a name'}`;
}
