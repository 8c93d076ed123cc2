/** What a campaign did and what the machine did to it: the facts beside the witnesses' lines. All instants are of the machine's monotonic clock, ms. */

export type Moment = 'random' | 'on grant' | 'on win' | 'on release';

/** One fault that struck. */
export interface Incident {
  /** Its kind: a row of the table. */
  readonly fault: string;
  readonly moment: Moment;
  readonly target: string;
  /** Just before the strike, and when it was seen to be undone (a restart: when the server answered again). */
  readonly struckMs: number;
  readonly healedMs: number;
  /** What was seen; undefined when it was not seen to take effect. */
  readonly evidence: string | undefined;
  readonly effect: Effect;
}

/** What a fault takes away while it lasts. */
export interface Effect {
  /** Nodes that give no vote to anybody. */
  readonly nodes?: readonly number[];
  /** Those nodes may have lost memory: they abstain for some time afterwards as well. */
  readonly forgets?: boolean;
  /** Those nodes came back with a file of long ago: they name ids of the others that these may have forgotten since. */
  readonly isOld?: boolean;
  /** Everybody was led to another server and back: what had been replaced has to be given up for a new id. */
  readonly isReplaced?: boolean;
  /** Names of nodes that meant another server for somebody: who of the two may vote is to be found out. */
  readonly forks?: readonly number[];
  /** Replicas that cannot act. Death and SIGTERM are in their {@link Life} instead. */
  readonly replicas?: readonly string[];
  /** Replicas whose way to these nodes is cut, slow or lossy. */
  readonly links?: readonly { readonly replica: string; readonly node: number }[];
  /** Nodes that lost answers to a claim, and connections with them: no excuse while all nodes vote, since a claim is sent again. */
  readonly hiccups?: readonly number[];
  /** Replicas whose wall clock is wrong. They take part as before, so it excuses no miss. */
  readonly clocks?: readonly string[];
}

/** One replica process, from its first word to its end or its SIGTERM. */
export interface Life {
  readonly replica: string;
  readonly instanceId: string;
  readonly fromMs: number;
  readonly toMs: number;
  /** When the process was seen to have ended; its sockets were closed by then. Infinity while it lives. */
  readonly goneMs: number;
  /** It was asked to end, so nothing of its may be lost. */
  readonly isGraceful: boolean;
}

export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

/** How long a process was ready to run and got no processor, over one sampling period. */
export interface Starvation {
  readonly process: string;
  readonly fromMs: number;
  readonly toMs: number;
  readonly waitedMs: number;
}

export interface Facts {
  readonly nodes: number;
  /** Epoch ms minus monotonic ms on this machine. */
  readonly epochOffsetMs: number;
  readonly incidents: readonly Incident[];
  readonly lives: readonly Life[];
  readonly starvation: readonly Starvation[];
  /** Times in which everything was healed, so that ticks had to run, and none did. */
  readonly silences: readonly Span[];
}
