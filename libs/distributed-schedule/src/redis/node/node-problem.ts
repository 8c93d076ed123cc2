import type { ConnectionRefusal } from '../connection/connection-refusal.js';
import { UNKNOWN_COMMAND } from '../connection/failure-code.js';
import { allRights } from './needed-rights.js';
import type { ClockSkew } from './node-time.js';
import type { CodedReply } from './script-channel.js';
import type { ServerTraits } from './store-handshake.js';
import { judgeHandshake } from './store-handshake.js';

/** Why a node that is up does not vote. */
export interface NodeProblem {
  readonly code:
    | 'DSCHED_UNSUPPORTED_STORE'
    | 'DSCHED_SAME_NODE_TWICE'
    | 'DSCHED_CLOCK_SKEW'
    | ConnectionRefusal['code'];
  readonly message: string;
  /** The message without the node's name. */
  readonly why: string;
}

/** The problem of one node, told once until the node is fit again: a server that comes and goes would fill the log. */
export class StandingProblem {
  private standing: NodeProblem | undefined;
  private toldMessage: string | undefined;

  constructor(
    private readonly label: string,
    private readonly tell: (problem: NodeProblem) => void,
  ) {}

  /** @param whyDown why there is no connection: what was wrong with a server that is gone is of no interest */
  current(whyDown: string | undefined): NodeProblem | undefined {
    return whyDown === undefined || isRefusedConnection(this.standing) ? this.standing : undefined;
  }

  set(problem: NodeProblem | undefined): void {
    this.standing = problem;
    if (problem !== undefined && problem.message !== this.toldMessage) this.tell(problem);
    this.toldMessage = problem?.message;
  }

  /** What the server holds against database or user: set when it has said so, and gone when it says otherwise. */
  noteRefusal(refusal: ConnectionRefusal | undefined): void {
    if (refusal !== undefined) this.set(problemOf(this.label, refusal));
    else if (isRefusedConnection(this.standing)) this.standing = undefined;
  }
}

function problemOf(label: string, { code, why }: Pick<NodeProblem, 'code' | 'why'>): NodeProblem {
  return { code, why, message: `${label} gives no vote: ${why}` };
}

function isRefusedConnection(problem: NodeProblem | undefined): boolean {
  return problem?.code === 'DSCHED_DATABASE_REFUSED' || problem?.code === 'DSCHED_CREDENTIALS_REFUSED';
}

export type HandshakeFinding =
  | { readonly problem: undefined; readonly traits: ServerTraits }
  | { readonly problem: NodeProblem; readonly isReplica: boolean };

/** What a handshake, or its refusal, says of a node. A fit server is entered into the register. */
export function judgeNode(
  node: { readonly index: number; readonly label: string },
  handshake: CodedReply,
  register: ServerRegister,
  keyPrefix: string,
  skew: Pick<ClockSkew, 'refusal'>,
): HandshakeFinding {
  const against = (code: NodeProblem['code'], why: string, isReplica = false): HandshakeFinding => ({
    problem: problemOf(node.label, { code, why }),
    isReplica,
  });
  if (!handshake.answered) {
    const why =
      handshake.code === UNKNOWN_COMMAND
        ? 'it does not know EVAL: rename no commands'
        : `it refuses a script that asks for TIME (${handshake.code}): ACL SETUSER <user> ${allRights(keyPrefix)}`;
    return against('DSCHED_UNSUPPORTED_STORE', why);
  }
  const verdict = judgeHandshake(handshake.value);
  if (verdict.kind === 'unfit') return against('DSCHED_UNSUPPORTED_STORE', verdict.why, verdict.isReplica);
  if (skew.refusal !== undefined) return against('DSCHED_CLOCK_SKEW', skew.refusal);
  const other = register.register(node.index, verdict.runId);
  return other === undefined
    ? { problem: undefined, traits: verdict.traits }
    : against('DSCHED_SAME_NODE_TWICE', `it is the same master as node ${other + 1}`);
}

/** One master under two addresses must not have two votes, and only run ids can tell. */
export class ServerRegister {
  private readonly runIds = new Map<number, string>();

  /** @returns the index of another node that stands for this server already; the caller then must not vote */
  register(node: number, runId: string): number | undefined {
    for (const [other, otherRunId] of this.runIds) {
      if (other !== node && otherRunId === runId) {
        this.runIds.delete(node);
        return other;
      }
    }
    this.runIds.set(node, runId);
    return undefined;
  }
}
