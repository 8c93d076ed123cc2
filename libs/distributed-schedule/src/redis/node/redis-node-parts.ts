import type { Random, TimeSample } from '../../protocol/contract/ports.js';
import type { CallPatience } from '../../protocol/time/call-patience.js';
import type { RedisKeys } from '../scripts/redis-keys.js';
import type { NodeProblem, ServerRegister } from './node-problem.js';
import type { NodeTrouble } from './node-trouble.js';
import type { RedisPresence } from './redis-presence.js';
import type { ScriptChannelParts } from './script-channel.js';
import type { NodeUse } from './store-handshake.js';

export interface RedisNodeParts extends Omit<ScriptChannelParts, 'onTimeSample' | 'onAnswer'> {
  readonly patience: CallPatience;
  readonly index: number;
  /** Names the node by its position: no host name, no secret. */
  readonly label: string;
  readonly presence?: RedisPresence;
  readonly trouble: NodeTrouble;
  readonly register: ServerRegister;
  readonly random: Pick<Random, 'next'>;
  readonly keys: Pick<RedisKeys, 'ledger' | 'probe' | 'prefix'>;
  readonly use: NodeUse;
  /** See option refuseSkewMs; undefined: no skew is refused. */
  readonly refuseSkewMs?: number | undefined;
  readonly onTimeSample: (sample: TimeSample) => void;
  readonly onProblem: (problem: NodeProblem) => void;
}
