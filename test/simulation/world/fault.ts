/** What can go wrong in a world. Every fault is within what the README assumes. */

import type { Place } from './ambush.js';
import type { Call } from './network.js';
import type { Restart } from './server.js';

/**
 * - `blocked`    the process stands still while all clocks go on: SIGSTOP, garbage collection, a busy event loop
 * - `suspended`  the machine sleeps: its monotonic clock stands too
 * - `killed`     the kernel closes the sockets of the process
 * - `cut off`    all its connections are reset, and new ones refused: a dying proxy, or a firewall that rejects
 * - `unanswered` servers act on what it sends, and nothing of what they answer arrives: a hiccup of whatever is in between
 * - `unplugged`  the host is gone and nobody says so
 */
export type Misfortune = 'blocked' | 'suspended' | 'cut off' | 'unanswered' | 'killed' | 'unplugged';

export type InstanceFault = { readonly instance: number } & (
  | { readonly kind: 'instance suffers'; readonly misfortune: Misfortune; readonly forMs: number }
  /** Directed: when it comes to this place for the n-th time. Random faults seldom hit the moment that matters. */
  | {
      readonly kind: 'instance suffers at';
      readonly place: Place;
      readonly nth: number;
      readonly misfortune: Misfortune;
      readonly forMs: number;
    }
  | { readonly kind: 'instance leaves' }
  /** Directed: it leaves in its n-th long run, and so much later all but one of the others stand still, past the end of that run. */
  | {
      readonly kind: 'instance leaves unwatched';
      readonly nth: number;
      readonly afterMs: number;
      readonly forMs: number;
    }
  /** Directed: nobody hears that its next claims stand, so it gives that tick up; so much later it leaves, or is killed. */
  | {
      readonly kind: 'instance goes unheard';
      readonly count: number;
      readonly afterMs: number;
      readonly isKilled: boolean;
    }
  | { readonly kind: 'wall clock steps'; readonly byMs: number }
  | { readonly kind: 'beats are lost'; readonly forMs: number }
  /** Servers act on the next messages of this kind, so much later, and nobody hears of it. */
  | {
      readonly kind: 'answers are lost';
      readonly call: Call;
      readonly from: 'one' | 'all';
      readonly server: number;
      readonly count: number;
      readonly lateMs: number;
      /** The connection ends with it, and a new one is made at once. */
      readonly isReset: boolean;
    }
  | { readonly kind: 'one server is left'; readonly server: number; readonly forMs: number }
  | { readonly kind: 'replies are slow'; readonly byMs: number; readonly forMs: number }
  | {
      readonly kind: 'link is cut';
      readonly server: number;
      readonly way: 'request' | 'reply' | 'both';
      readonly forMs: number;
    }
);

export type ServerFault = { readonly server: number } & (
  | { readonly kind: 'server restarts'; readonly forMs: number; readonly how: Restart }
  /** Directed: right after its next grant, for a few ms. */
  | {
      readonly kind: 'server restarts on a grant';
      readonly afterMs: number;
      readonly forMs: number;
      readonly how: Restart;
      /** How far its clock is set back meanwhile, ms; 0 or less. */
      readonly byMs: number;
    }
  /** A replica that lags takes over: an older ledger, another server process, another clock. */
  | {
      readonly kind: 'server fails over';
      readonly lagMs: number;
      readonly forMs: number;
      readonly byMs: number;
    }
  | { readonly kind: 'server stops'; readonly forMs: number }
  | { readonly kind: 'server is flushed' }
  | { readonly kind: 'server is busy'; readonly forMs: number }
  /** It begins a new epoch, a moment after its clock was set back by `byMs`, which is 0 or less. */
  | { readonly kind: 'epoch is raised'; readonly byMs: number; readonly isOnGrant: boolean }
  | { readonly kind: 'server clock steps'; readonly byMs: number; readonly forMs: number }
);

/** A name comes to mean another server, while the old one lives on and keeps its connections; later the old one again. */
export interface NameFault {
  readonly kind: 'name moves';
  /** Whose position it is. */
  readonly server: number;
  readonly who: 'all' | 'one';
  /** For whom alone. */
  readonly instance: number;
  /**
   * What a server that is new there knows: nothing, or what the old one knows, or knew when it wrote its last file. Another
   * database of the same server knows nothing either, and has its clock.
   */
  readonly content: 'empty' | 'database' | 'replica' | 'file';
  readonly forMs: number;
  /** A bit for each living instance: whether its connection is reset at once. The others keep theirs. */
  readonly resets: number;
  readonly resetsBack: number;
  /** Somebody whose resolver is late: it comes when the name has moved for all, and is led to the old server. */
  readonly newcomer?: Newcomer | undefined;
}

export interface Newcomer {
  readonly afterMs: number;
  /** A bit for each position: it cannot reach that one either. */
  readonly cut: number;
  /** For so long its resolver is late and its links are cut. */
  readonly forMs: number;
  /** The answers to so many beats are lost, after the first. */
  readonly deafBeats: number;
}

/**
 * Directed: every second instance is led to another server of a position, and the two sides do not meet elsewhere either, as long as a
 * rule does not make them. Random faults seldom hurt both sides in one moment.
 *
 * - `apart`    each side reaches its own half of the other positions only
 * - `deaf`     nobody hears the beats of those who are led nowhere else, and all clocks step forward: they still bid when the others are led
 * - `forgets`  these reach none of the others, until one of them has forgotten; from then on they reach that one
 */
export interface SidesPart {
  readonly kind: 'sides part';
  readonly server: number;
  readonly how: 'apart' | 'deaf' | 'forgets';
  readonly content: NameFault['content'];
  readonly byMs: number;
  readonly forMs: number;
}

/** What happens, of one kind. */
export type FaultOf<Kind extends Happening['kind']> = Extract<Happening, { readonly kind: Kind }>;

export type Fault = { readonly atMs: number } & Happening;

/** Directed: what two sets of nodes need not survive without a certain rule. */
export type SetFault =
  /** All beats of one set are lost, and not its claims, while the clocks of its nodes step forward: they take it for gone before it does. */
  | {
      readonly kind: 'fleet is not heard';
      /** `bidding`: whichever goes on now. */
      readonly whose: 'own' | 'other' | 'bidding';
      readonly byMs: number;
      readonly forMs: number;
    }
  /** A node of both sets is flushed. */
  | { readonly kind: 'common node forgets'; readonly nth: number }
  /** No instance of one set reaches a node of both. */
  | {
      readonly kind: 'common node is out of reach';
      readonly whose: 'own' | 'other';
      readonly nth: number;
      readonly forMs: number;
    };

export type Happening =
  | NameFault
  | SidesPart
  | SetFault
  /** All servers at once: a time daemon that has found out. */
  | { readonly kind: 'clocks step together'; readonly byMs: number }
  | { readonly kind: 'instance joins' | 'newer node set joins' | 'instance of another set joins' }
  | {
      /** All instances of one set of nodes, or of all, suffer at once. */
      readonly kind: 'fleet suffers';
      readonly whose: 'own' | 'other' | 'all';
      readonly misfortune: 'blocked' | 'suspended' | 'cut off' | 'killed';
      readonly forMs: number;
    }
  /** Directed: whoever is the next to put its set of nodes on record. */
  | {
      readonly kind: 'stamper suffers';
      readonly misfortune: 'blocked' | 'suspended' | 'unanswered';
      readonly forMs: number;
    }
  /** All instances of the set that goes on are killed, and of the other there is one: that is what take-overs are for. */
  | { readonly kind: 'fleet is replaced' }
  | InstanceFault
  | ServerFault;

/** Whether the server may know less afterwards than before. */
export function losesMemory(fault: ServerFault): boolean {
  switch (fault.kind) {
    case 'server is flushed':
    case 'server fails over':
      return true;
    case 'server restarts':
    case 'server restarts on a grant':
      return fault.how !== 'with its memory';
    default:
      return false;
  }
}
