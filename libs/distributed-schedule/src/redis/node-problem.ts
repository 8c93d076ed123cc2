import type { ErrorCode } from '../protocol/errors.js';
import type { ScriptReply } from './script-channel.js';
import type { ServerRegister } from './server-register.js';
import { judgeHandshake } from './store-handshake.js';

/** Why a node that is up does not vote. */
export interface NodeProblem {
  readonly code: ErrorCode & ('DSCHED_UNSUPPORTED_STORE' | 'DSCHED_SAME_NODE_TWICE');
  readonly message: string;
}

/** What a handshake, or its refusal, says against a node. A fit server is entered into the register. */
export function findProblem(
  node: { readonly index: number; readonly label: string },
  handshake: ScriptReply,
  register: ServerRegister,
): NodeProblem | undefined {
  const describe = (code: NodeProblem['code'], why: string): NodeProblem => ({
    code,
    message: `${node.label} gives no vote: ${why}`,
  });
  if (!handshake.answered) {
    const why = `it refuses a script that asks for TIME (${handshake.reason}); give the user the rights that the errors page lists`;
    return describe('DSCHED_UNSUPPORTED_STORE', why);
  }
  const verdict = judgeHandshake(handshake.value);
  if (verdict.kind === 'unfit') {
    return describe('DSCHED_UNSUPPORTED_STORE', verdict.why);
  }
  const other = register.register(node.index, verdict.runId);
  return other === undefined
    ? undefined
    : describe('DSCHED_SAME_NODE_TWICE', `it is the same master as node ${other + 1}`);
}
