/** Something that happened to the cluster, as shown in the flow and as a reason for a tick that nobody ran. */
export interface Occurrence {
  readonly atMs: number;
  readonly text: string;
}

interface Absence {
  readonly replica: string;
  readonly how: 'killed' | 'paused';
  readonly fromMs: number;
  untilMs: number;
}

/** From when to when a master answered. One that starts empty has no vote before `votingFromMs`. */
interface Service {
  readonly node: number;
  readonly fromMs: number;
  readonly votingFromMs: number;
  untilMs: number;
}

/** Remembers what was done to the cluster and when, in real epoch ms. */
export class FaultLog {
  readonly occurrences: Occurrence[] = [];
  private readonly absences: Absence[] = [];
  private readonly services: Service[] = [];

  note(text: string, atMs = Date.now()): void {
    this.occurrences.push({ atMs, text });
  }

  replicaGone(replica: string, how: Absence['how'], fromMs = Date.now()): void {
    this.absences.push({ replica, how, fromMs, untilMs: Number.POSITIVE_INFINITY });
  }

  replicaBack(replica: string, atMs = Date.now()): void {
    for (const absence of this.absences) {
      if (absence.replica === replica) absence.untilMs = Math.min(absence.untilMs, atMs);
    }
  }

  nodeUp(node: number, fromMs: number, votingFromMs: number): void {
    this.services.push({ node, fromMs, votingFromMs, untilMs: Number.POSITIVE_INFINITY });
  }

  nodeDown(node: number, atMs = Date.now()): void {
    for (const service of this.services) {
      if (service.node === node) service.untilMs = Math.min(service.untilMs, atMs);
    }
  }

  /** How many masters answered at every moment of the span, and how many of them had a vote. */
  nodesThrough(fromMs: number, untilMs: number): { readonly up: number; readonly voting: number } {
    const up = this.services.filter((service) => service.fromMs <= fromMs && untilMs < service.untilMs);
    return { up: up.length, voting: up.filter((service) => service.votingFromMs <= fromMs).length };
  }

  /** A replica that went away, or was stopped, within the span. */
  absenceBegunWithin(fromMs: number, untilMs: number): Readonly<Absence> | undefined {
    return this.absences.find((absence) => absence.fromMs >= fromMs && absence.fromMs <= untilMs);
  }

  replicasAwayWithin(fromMs: number, untilMs: number): number {
    const away = this.absences.filter((absence) => absence.fromMs <= untilMs && absence.untilMs >= fromMs);
    return new Set(away.map((absence) => absence.replica)).size;
  }
}
