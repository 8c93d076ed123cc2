/** What the audit says of runs that died with their instance, against what their handlers wrote. Pure. */

import type { OutcomeLine } from '../../../../apps/demo/src/outcome-record.js';
import type { Facts, Life, Span } from './incident.js';
import { Outages } from './outages.js';
import type { Run } from './runs.js';

const LOST = 'lost';

/** After the death: a beat that was under way lets it show after 6.5 s, and where the one that has to tell it is hurt another one waits for it. */
const TOLD_WITHIN_MS = 15_000;

/** By then an instance is known to the others, and knows them. */
const KNOWN_AFTER_MS = 3_000;

/** By then the end of a run stands on the nodes, wherever they could be reached. */
const KEPT_WITHIN_MS = 3_000;

export interface Losses {
  /** Runs of which it could be judged whether they had to be told, and were. */
  readonly judged: number;
  readonly wrong: readonly Loss[];
}

export interface Loss {
  readonly kind: 'untold loss' | 'told as lost though it had ended';
  readonly task: string;
  readonly tick: number;
  readonly atMs: number;
  readonly text: string;
}

/** Looks only where nothing happened meanwhile that could excuse it. */
export class LossJudge {
  private readonly outages: Outages;

  constructor(
    private readonly facts: Facts,
    private readonly runs: readonly Run[],
    private readonly outcomes: readonly OutcomeLine[],
  ) {
    this.outages = new Outages(facts);
  }

  judge(): Losses {
    const died = this.runs.filter((run) => this.mustBeTold(run));
    return {
      judged: died.length,
      wrong: [...died.filter((run) => !this.isToldInTime(run)).map(untold), ...this.falseOnes()],
    };
  }

  private mustBeTold(run: Run): boolean {
    const life = this.lifeOf(run);
    if (run.hasEnded || life === undefined || life.isGraceful || run.startMs > life.toMs) return false;
    return this.isWatched(life, { fromMs: run.startMs, toMs: life.goneMs + TOLD_WITHIN_MS });
  }

  private isToldInTime(run: Run): boolean {
    const untilMs = (this.lifeOf(run)?.goneMs ?? 0) + TOLD_WITHIN_MS;
    return this.toldOf(run).some(({ monotonicMs }) => monotonicMs <= untilMs);
  }

  /** Somebody was there all the time who could see it, by nodes that heard of the run and kept what they knew. */
  private isWatched(life: Life, span: Span): boolean {
    if (span.toMs > this.lastMs || life.fromMs + KNOWN_AFTER_MS > span.fromMs) return false;
    const since = { fromMs: span.fromMs - KNOWN_AFTER_MS, toMs: span.toMs };
    if (this.isForgetful(since)) return false;
    const untilDeath = { fromMs: since.fromMs, toMs: life.toMs };
    const deaf = [...this.outages.nodesAway(life.replica, untilDeath).keys()];
    return this.outages.able(since).some(({ instanceId, replica }) => {
      const away = new Set([...this.outages.nodesAway(replica, since).keys(), ...deaf]);
      return instanceId !== life.instanceId && this.facts.nodes - away.size >= this.outages.majority;
    });
  }

  private falseOnes(): readonly Loss[] {
    return this.runs.flatMap((run) => {
      if (!run.hasEnded || this.runs.some((other) => other !== run && isSameTick(other, run))) return [];
      const [told] = this.toldOf(run);
      const kept = { fromMs: run.startMs, toMs: run.heldUntilMs + KEPT_WITHIN_MS };
      const life = this.lifeOf(run);
      if (told === undefined || life === undefined || life.toMs < kept.toMs) return [];
      const isExcused =
        this.outages.whatHit(run.replica, kept) !== undefined ||
        this.outages.nodesAway(run.replica, kept).size > 0 ||
        this.isForgetful({ fromMs: kept.fromMs, toMs: told.monotonicMs });
      if (isExcused) return [];
      const text = `by ${told.replica}: ${told.detail}`;
      const { task, tick } = run;
      return [
        { kind: 'told as lost though it had ended' as const, task, tick, atMs: told.monotonicMs, text },
      ];
    });
  }

  private isForgetful(span: Span): boolean {
    return Array.from({ length: this.facts.nodes }, (_, node) => node).some(
      (node) => this.outages.whyWithoutVote(node, span) !== undefined,
    );
  }

  private toldOf({ task, tick }: Run): readonly OutcomeLine[] {
    return this.outcomes.filter((line) => line.said === LOST && line.task === task && line.tick === tick);
  }

  private lifeOf({ instanceId }: Run): Life | undefined {
    return this.facts.lives.find((life) => life.instanceId === instanceId);
  }

  /** What is new may yet be told. */
  private get lastMs(): number {
    return this.runs.reduce((lastMs, { startMs }) => Math.max(lastMs, startMs), Number.NEGATIVE_INFINITY);
  }
}

function untold({ task, tick, replica, startMs }: Run): Loss {
  return { kind: 'untold loss', task, tick, atMs: startMs, text: `${replica} died in its run` };
}

/** Another attempt has an end of its own. */
function isSameTick(one: Run, other: Run): boolean {
  return one.task === other.task && one.tick === other.tick;
}
