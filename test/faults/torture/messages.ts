/** What the torture's processes tell each other. Plain data: it crosses an IPC channel. */

/** One set of masters, as a replica reaches it. */
export interface SetAddress {
  readonly set: string;
  readonly urls: readonly string[];
  /** Ports by which this replica goes to each of them, where those are not their own. */
  readonly ways?: readonly number[];
}

/** The one command line argument of a replica, as JSON. */
export interface ReplicaPlan {
  readonly replica: string;
  readonly seed: number;
  readonly sets: readonly SetAddress[];
  /** Every start is appended here. */
  readonly recordFile: string;
}

/** A node's answer to one claim, of the kinds that matter here. */
export interface VoteSeen {
  readonly kind: 'vote';
  readonly vote: 'granted' | 'quarantined' | 'unconfirmed';
  readonly replica: string;
  readonly set: string;
  readonly node: number;
  readonly task: string;
  readonly tick: number;
}

export type FromReplica =
  | VoteSeen
  /** Every node of every set votes. */
  | { readonly kind: 'ready' }
  /** Something that must not happen; the run is void. */
  | { readonly kind: 'trouble'; readonly what: string };

/** What a replica writes down when a handler starts: the witness that owes nothing to the protocol. */
export interface StartLine {
  readonly set: string;
  readonly task: string;
  readonly tick: number;
  readonly replica: string;
  /** Wall clock of the machine, which all processes share. */
  readonly atMs: number;
}
