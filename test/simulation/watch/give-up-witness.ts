/** Claims that were given up: nothing of them may stay on a server, however late a copy of them is applied. */

import type { Claim } from '#src/protocol/contract/ports.js';
import { EPOCH_MS } from '../world/machine.js';
import type { Resident } from '../world/resident.js';
import type { Server } from '../world/server.js';
import type { WorldParts } from '../world/world-parts.js';

const LOOK_PERIOD_MS = 500;
/** So long nothing hinders owner and server: some beats and what goes by itself, of which a bad network loses a few. */
const WITHIN_MS = 8_000;
/** Where ticks come faster, and with them messages. */
const WITHIN_PERIODS = 30;

interface Standing {
  readonly server: Server;
  readonly claim: Claim;
  readonly owner: Resident;
  /** How often the name had led its owner to another server by then. */
  readonly moves: number;
  /** Since when nothing hinders them, true time. */
  sinceMs: number;
}

export class GiveUpWitness {
  private readonly owners = new Map<string, Resident>();
  /** By claim and server: it was granted there, and not taken back. */
  private readonly granted = new Map<string, { readonly server: Server; readonly claim: Claim }>();
  private readonly standing = new Map<string, Standing>();

  constructor(private readonly world: () => WorldParts) {}

  /** The owner has decided never to run it. */
  gaveUp(owner: Resident, claim: Claim): void {
    this.owners.set(claim.claimId, owner);
    for (const [key, { server, claim: one }] of this.granted)
      if (one.claimId === claim.claimId) this.stands(key, server, claim, owner);
  }

  /** Asked for every copy that leaves. */
  sends(claims: readonly Claim[]): void {
    const again = claims.find(({ claimId }) => this.owners.has(claimId));
    if (again !== undefined) this.world().history.fail('what was given up is not sent again', nameOf(again));
  }

  /** `latestMs`: when its sender has certainly given up waiting for the answer, by the server's clock; undefined for unknown. */
  grants(server: Server, claim: Claim, latestMs: number | undefined): void {
    const { history } = this.world();
    if (latestMs !== undefined && server.wallMs() > latestMs && !server.hasSteppedLately)
      history.fail('a claim is granted only while its answer is waited for', nameOf(claim));
    const key = keyOf(server, claim);
    this.granted.set(key, { server, claim });
    const owner = this.owners.get(claim.claimId);
    if (owner === undefined || server.wasSetFarBack) return;
    history.count('granted after it was given up');
    this.stands(key, server, claim, owner);
  }

  /** The server has acted on a give-back. */
  forgot(server: Server, claim: Claim): void {
    const key = keyOf(server, claim);
    this.granted.delete(key);
    if (this.standing.delete(key)) this.world().history.count('taken back');
  }

  /** The server has lost its memory. */
  lost(server: Server): void {
    for (const [key, one] of this.granted) if (one.server === server) this.granted.delete(key);
    for (const [key, one] of this.standing) if (one.server === server) this.standing.delete(key);
  }

  watch(): void {
    const { time, profile, history } = this.world();
    const withinMs = Math.min(WITHIN_MS, WITHIN_PERIODS * profile.periodMs);
    for (const [key, one] of this.standing) {
      if (one.owner.machine.isDead || one.owner.isRetired() || hasMoved(one)) this.standing.delete(key);
      else if (this.isHindered(one)) one.sinceMs = time.nowMs;
      else if (time.nowMs - one.sinceMs > withinMs)
        history.fail(
          'what was given up is taken back',
          `${one.server.label}: ${nameOf(one.claim)} of ${one.owner.id}`,
        );
    }
    this.forgetOld();
    time.schedule(LOOK_PERIOD_MS, () => this.watch());
  }

  private stands(key: string, server: Server, claim: Claim, owner: Resident): void {
    const { nowMs } = this.world().time;
    this.standing.set(key, { server, claim, owner, moves: movesOf(owner, server), sinceMs: nowMs });
  }

  private isHindered({ server, owner: { machine } }: Standing): boolean {
    const link = this.world().network.link(machine, server);
    const isCut = link.isRequestCut || link.isReplyCut || link.areBeatsCut || link.mishaps.length > 0;
    const isAway = server.isDown || server.isPaused || server.isBusy;
    return isCut || isAway || !machine.hasRunFor(LOOK_PERIOD_MS);
  }

  /** Grants of long ago that were never given up. */
  private forgetOld(): void {
    for (const key of this.granted.keys()) {
      if (this.granted.size <= MAX_GRANTED) return;
      this.granted.delete(key);
    }
  }
}

const MAX_GRANTED = 2_000;

function movesOf({ connections }: Resident, { position }: Server): number {
  return connections.find((connection) => connection.position === position)?.moves ?? 0;
}

/**
 * Its owner has been led to another server of that name, which has answered that nothing is there. The one that it has left votes
 * for nobody any more, or only after its floor has passed what it granted.
 */
function hasMoved({ owner, server, moves }: Standing): boolean {
  const isConnected = owner.connections.some((connection) => connection.server === server);
  return !isConnected || movesOf(owner, server) !== moves;
}

function keyOf({ index }: Server, { task, claimId }: Claim): string {
  return `${index} ${task} ${claimId}`;
}

function nameOf({ task, tick }: Claim): string {
  return `${task}@${tick - EPOCH_MS}`;
}
