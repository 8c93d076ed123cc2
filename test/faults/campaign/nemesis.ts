/**
 * Draws hazards and lets them strike: at random moments 0.3 to 2 s apart, or at a moment of a tick, at most two at a
 * time, and with a calm after every few, so that the cluster shows that it recovers.
 */

import type { SeededRandom } from '#src/testing/seeded-random.js';
import type { Incident, Span } from './account/incident.js';
import type { Cast } from './cast.js';
import { type Attack, between, type Hazard, pick } from './hazards/hazard.js';
import { machineMs, sleepMs } from './machine-clock.js';
import { type Card, Pack } from './pack.js';
import type { Triggers } from './trigger.js';
import { RunTail } from './witness.js';

const PAUSE_MS = [300, 2_000] as const;
const CALM_MS = [200, 900] as const;
/** The slowest recovery is that of an emptied majority: 3 s of quarantine, and a tick. */
const RECOVERY_MS = 15_000;
/** A node that is down for long keeps another one that has forgotten from being noted, for so long at most: `identityWaitMs`. */
const UNNOTED_MS = 30_000;
const MAX_AT_A_TIME = 2;
const STRIKES_PER_CALM = [2, 3, 4] as const;
const AIM_ATTEMPTS = 6;

export interface NemesisParts {
  readonly cast: Cast;
  readonly triggers: Triggers;
  readonly random: SeededRandom;
  readonly hazards: readonly Hazard[];
  readonly tell: (line: string) => void;
}

interface Strike {
  readonly attack: Attack;
  /** Its victims are still recovering after that. */
  readonly healed: Promise<void>;
  isHealed: boolean;
}

export class Nemesis {
  readonly incidents: Incident[] = [];
  /** Calms in which nothing ran, although everything was healed. */
  readonly silences: Span[] = [];
  private readonly pack: Pack;
  private readonly strikes = new Set<Strike>();
  /** What went wrong with the campaign itself, as a replica that did not start. */
  private failure: unknown;

  constructor(private readonly parts: NemesisParts) {
    this.pack = new Pack(parts.hazards, parts.random);
  }

  /** Strikes until then, and leaves everything healed. */
  async rage(untilMs: number): Promise<void> {
    const { random } = this.parts;
    while (machineMs() < untilMs) {
      const strikes = pick(random, STRIKES_PER_CALM);
      for (let count = 0; count < strikes && machineMs() < untilMs; count += 1) {
        await sleepMs(between(random, ...PAUSE_MS));
        await this.playOne();
      }
      await this.calm();
    }
    await Promise.all([...this.strikes].map(({ healed }) => healed));
    await this.calm();
  }

  /** Plays one card at its moment; resolves when it has struck, or could not. */
  async playOne(card = this.pack.draw()): Promise<void> {
    if (this.failure !== undefined) throw this.failure;
    while (this.foreground().length >= MAX_AT_A_TIME) await this.oneHealed();
    const attack = await this.aim(card);
    if (attack === undefined) {
      this.pack.putBack(card);
      return;
    }
    await new Promise<void>((onStruck) => this.begin(card, attack, onStruck));
  }

  /** Waits until nothing but what goes on for long is left, and the first task has run since. */
  async calm(): Promise<void> {
    while (this.foreground().length > 0) await this.oneHealed();
    const { cast, random, tell } = this.parts;
    const fromMs = machineMs();
    const tail = new RunTail(cast.runFile);
    const withinMs = this.strikes.size > 0 ? RECOVERY_MS + UNNOTED_MS : RECOVERY_MS;
    const line = await tail.next(({ phase, task }) => phase === 'start' && task === 'settle', withinMs);
    tail.close();
    if (line === undefined) {
      this.silences.push({ fromMs, toMs: machineMs() });
      tell(`no run within ${withinMs} ms of calm`);
    }
    await sleepMs(between(random, ...CALM_MS));
  }

  /** A victim that nothing else is happening to, in the moment that the card wants. */
  private async aim({ hazard, moment }: Card): Promise<Attack | undefined> {
    const { cast, random, triggers } = this.parts;
    for (let attempt = 0; attempt < AIM_ATTEMPTS; attempt += 1) {
      const task = random.next() < 0.5 ? 'settle' : 'invoice';
      const seen = moment === 'random' ? undefined : await triggers.wait(moment, task);
      if (moment !== 'random' && seen === undefined) return undefined;
      const attack = hazard.aim({
        cast,
        random,
        slot: seen?.slot ?? pick(random, cast.slots),
        node: seen?.node ?? Math.floor(random.next() * cast.nodes.length),
      });
      const busy = new Set([...this.strikes].flatMap((strike) => strike.attack.victims));
      if (!attack.victims.some((victim) => busy.has(victim))) return attack;
      if (moment !== 'random') return undefined;
    }
    return undefined;
  }

  private begin(card: Card, attack: Attack, onStruck: () => void): void {
    const healed = this.strike(card, attack, onStruck);
    const strike: Strike = { attack, healed, isHealed: false };
    this.strikes.add(strike);
    void healed
      .then(async () => {
        strike.isHealed = true;
        await attack.afterHeal?.();
      })
      .catch((error: unknown) => {
        this.failure ??= error;
      })
      .finally(() => this.strikes.delete(strike));
  }

  private async strike({ hazard, moment }: Card, attack: Attack, onStruck: () => void): Promise<void> {
    const { random, tell } = this.parts;
    attack.beforeStrike?.();
    const struckMs = machineMs();
    let evidence: string | undefined;
    try {
      evidence = await attack.fault.strike();
    } catch (error) {
      tell(`NOT VERIFIED ${hazard.kind} ${attack.target}: ${String(error)}`);
    }
    const seenMs = machineMs();
    onStruck();
    await sleepMs(between(random, ...attack.lastsMs));
    try {
      await attack.fault.heal();
    } catch (error) {
      tell(`NOT HEALED ${hazard.kind} ${attack.target}: ${String(error)}`);
      evidence = undefined;
    }
    const { target, effect } = attack;
    const healedMs = attack.isOverWhenSeen === true ? seenMs : machineMs();
    this.incidents.push({ fault: hazard.kind, moment, target, struckMs, healedMs, evidence, effect });
    tell(`${hazard.kind} (${moment}) ${target}: ${evidence ?? 'not verified'}`);
  }

  private foreground(): readonly Strike[] {
    return [...this.strikes].filter(({ attack, isHealed }) => !isHealed && attack.isBackground !== true);
  }

  private async oneHealed(): Promise<void> {
    await Promise.race(this.foreground().map(({ healed }) => healed));
  }
}

/** How most scenes are played: by chance, for so long. */
export function rage(nemesis: Nemesis, _scene: unknown, forMs: number): Promise<void> {
  return nemesis.rage(machineMs() + forMs);
}
