/**
 * All ticks of one instant are asked about by a digest of their tasks, and answered in short: a standby then pays for what is open,
 * and not for each task.
 */

import type { TickRef, VotingNode } from '../contract/ports.js';
import type { StandbyQuestion, StandbyTicks } from '../contract/standby-set.js';
import type { BeatReply, NodeTick } from '../contract/voting-node.js';

/** Instants of a second and of some rounder ones differ in their tasks. What is due at more of them is asked about in full. */
const MAX_SETS = 4;

/** Below this the words about a set are longer than what they spare. */
const MIN_TASKS = 10;

/** A node looks at a whole set for a short answer. Of one that is asked about a smaller part it is told in full. */
const MIN_SHARE = 0.25;

/** Everything that is due at one instant, and was due together before. */
interface KnownSet {
  /** In an order that is the same on all instances, so that they share the set. */
  readonly tasks: readonly string[];
  readonly placeOf: ReadonlyMap<string, number>;
  /** By index of the node: under which digest it was told the set. */
  readonly keptAs: (string | undefined)[];
}

const NOTHING_DUE: StandbyTicks = { tick: 0, tasks: [] };

/** What was due together, as it was given. */
interface SeenList {
  readonly tasks: readonly string[];
  /** Made when it comes again. */
  set: KnownSet | undefined;
}

/** What a node said of the ticks of a look. */
export interface Told {
  /** Undefined: it had no word about the set, which is no answer. */
  readonly ofSet: readonly NodeTick[] | undefined;
  readonly others: readonly NodeTick[];
}

/** What goes to one node, and how its answer is read. */
export interface AskedOfNode {
  readonly tasks: readonly string[];
  readonly question?: StandbyQuestion;
  readonly read: (reply: BeatReply) => Told;
}

export class StandbySets {
  /** The newest first. */
  private lists: readonly SeenList[] = [];

  constructor(private readonly leastTasks = MIN_TASKS) {}

  /** Nodes are told a set only when it comes again: what is due together once would fill their memory. */
  lookAt(peeks: readonly TickRef[], standby: StandbyTicks | undefined): StandbyLook {
    const { tick, tasks } = standby ?? NOTHING_DUE;
    if (tasks.length < Math.max(1, this.leastTasks) || peeks.length < MIN_SHARE * tasks.length)
      return new StandbyLook(peeks);
    const known = this.lists.find((list) => isSameList(list.tasks, tasks));
    const list = known ?? { tasks, set: undefined };
    this.lists = [list, ...this.lists.filter((other) => other !== list)].slice(0, MAX_SETS);
    if (known === undefined) return new StandbyLook(peeks);
    known.set ??= knownSet(tasks);
    return new StandbyLook(peeks, { set: known.set, tick });
  }
}

/** Of a tick that is asked about in full. */
const NO_PLACE = -1;

/** One look at ticks: at those of a set, and at others, which are asked about in full. */
export class StandbyLook {
  readonly ofSet: readonly TickRef[];
  readonly others: readonly TickRef[];
  /** Of each peek, in its set. */
  private readonly places: readonly number[];

  constructor(
    private readonly peeks: readonly TickRef[],
    private readonly at?: { readonly set: KnownSet; readonly tick: number },
  ) {
    const placeOf = ({ task, tick }: TickRef): number =>
      (tick === at?.tick ? at.set.placeOf.get(task) : undefined) ?? NO_PLACE;
    this.places = at === undefined ? [] : peeks.map(placeOf);
    this.ofSet = at === undefined ? [] : peeks.filter((_, index) => this.isOfSet(index));
    this.others = at === undefined ? peeks : peeks.filter((_, index) => !this.isOfSet(index));
  }

  askOf(node: VotingNode, index: number): AskedOfNode {
    const others = namesOf(this.others);
    if (this.at === undefined || node.digestOf === undefined) {
      const { length } = this.ofSet;
      const read = ({ ticks }: BeatReply): Told => ({
        ofSet: ticks.slice(0, length),
        others: ticks.slice(length),
      });
      return { tasks: [...namesOf(this.ofSet), ...others], read };
    }
    const { set } = this.at;
    const [count, keptAs] = [set.tasks.length, set.keptAs[index]];
    if (keptAs !== undefined) {
      const read = ({ standby, ticks }: BeatReply): Told => {
        if (standby === undefined) set.keptAs[index] = undefined;
        return { ofSet: this.pick(standby), others: ticks };
      };
      return { tasks: others, question: { kind: 'ask', digest: keptAs, count }, read };
    }
    const digest = node.digestOf(set.tasks);
    const read = ({ ticks }: BeatReply): Told => {
      set.keptAs[index] = digest;
      return { ofSet: this.pick(ticks.slice(0, count)), others: ticks.slice(count) };
    };
    return { tasks: [...set.tasks, ...others], question: { kind: 'keep', digest, count }, read };
  }

  /** The answers in the order of the peeks. */
  inOrder<T>(ofSet: readonly T[], others: readonly T[]): readonly T[] {
    if (this.ofSet.length === 0) return others;
    if (this.others.length === 0) return ofSet;
    const [nextOfSet, nextOther] = [ofSet.values(), others.values()];
    return this.peeks.flatMap((_, index) => (this.isOfSet(index) ? nextOfSet : nextOther).next().value ?? []);
  }

  private isOfSet(index: number): boolean {
    return this.places[index] !== NO_PLACE;
  }

  /** Of ticks of the whole set those of this look; a list of another length is about another set. */
  private pick(ticks: readonly NodeTick[] | undefined): readonly NodeTick[] | undefined {
    if (ticks === undefined || ticks.length !== this.at?.set.tasks.length) return undefined;
    const picked: NodeTick[] = [];
    for (const place of this.places) {
      const tick = ticks[place];
      if (tick !== undefined) picked.push(tick);
    }
    return picked;
  }
}

function namesOf(refs: readonly TickRef[]): readonly string[] {
  return refs.map(({ task }) => task);
}

function knownSet(given: readonly string[]): KnownSet {
  const tasks = [...given].sort();
  return { tasks, placeOf: new Map(tasks.map((task, place) => [task, place])), keptAs: [] };
}

function isSameList(one: readonly string[], other: readonly string[]): boolean {
  return one.length === other.length && one.every((value, index) => value === other[index]);
}
