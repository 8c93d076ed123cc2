/** What happens to the bytes that go one way. All absent: they pass. */
export interface DirectionRules {
  readonly delayMs?: number;
  /** Up to so much more, at random for each chunk. The order stays, as in TCP. */
  readonly jitterMs?: number;
  /** Loss: TCP repairs it, so what is seen is a stall of `stallMs`, with this chance (0 to 1) for each chunk. */
  readonly stallChance?: number;
  readonly stallMs?: number;
  /** Bytes wait until this ends and then arrive, as retransmission brings them after a partition. */
  readonly hold?: boolean;
  /**
   * Bytes vanish and the sockets stay open: half-open connections. When this ends they are reset, since TCP never
   * goes on after a gap: a client would take each reply for the answer to an earlier command.
   */
  readonly drop?: boolean;
}

export interface LinkRules {
  /** From the replica to the node. */
  readonly requests?: DirectionRules;
  readonly replies?: DirectionRules;
  /** New connections are refused; the open ones stay. */
  readonly refuse?: boolean;
}

/** Answers that are to be lost after the node has acted. */
export interface AnswerLossOrder {
  /** Requests that carry one of these texts are meant. */
  readonly to: readonly string[];
  /** So many connections are hit, each once. */
  readonly times: number;
}

export interface LinkCounters {
  /** Open now. */
  readonly connections: number;
  /** Those of them that lead to another server than new ones would. */
  readonly formerConnections: number;
  /** Since the link was made. */
  readonly accepted: number;
  readonly requestBytes: number;
  readonly replyBytes: number;
  readonly droppedBytes: number;
  readonly stalls: number;
  readonly resets: number;
  /** Connections that were reset when the node had answered, instead of its answer. */
  readonly lostAnswers: number;
  /** Waiting now, both ways. */
  readonly heldBytes: number;
}

/** What the test asks of the proxy's process. */
export type ProxyRequest =
  | { readonly type: 'open'; readonly link: number; readonly host: string; readonly port: number }
  | { readonly type: 'aim'; readonly link: number; readonly host: string; readonly port: number }
  | { readonly type: 'lose'; readonly link: number; readonly order: AnswerLossOrder }
  | { readonly type: 'rules'; readonly link: number; readonly rules: LinkRules }
  | { readonly type: 'reset'; readonly link: number }
  | { readonly type: 'counters'; readonly link: number };

export interface ProxyReply {
  readonly id: number;
  /** The link's port, its counters or the number of connections reset, by the type of the request. */
  readonly answer?: number | LinkCounters;
  readonly error?: string;
}
