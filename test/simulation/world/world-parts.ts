/** What a simulated world is made of. */

import type { ProtocolOptions } from '#src/protocol/options/protocol-options.js';
import type { SeededRandom } from '#src/testing/seeded-random.js';
import type { AuditWitness } from '../watch/audit-witness.js';
import type { ClaimWitness } from '../watch/claim-witness.js';
import type { GiveUpWitness } from '../watch/give-up-witness.js';
import type { History } from '../watch/history.js';
import type { HungWitness } from '../watch/hung-witness.js';
import type { LagWatch } from '../watch/lag-watch.js';
import type { LockWitness } from '../watch/lock-witness.js';
import type { OutcomeWitness } from '../watch/outcome-witness.js';
import type { ProgressWitness } from '../watch/progress-witness.js';
import type { ReleaseWitness } from '../watch/release-witness.js';
import type { RenewalWitness } from '../watch/renewal-witness.js';
import type { RunWitness } from '../watch/run-witness.js';
import type { SetBackWitness } from '../watch/set-back-witness.js';
import type { TenureWitness } from '../watch/tenure-witness.js';
import type { Names } from './names.js';
import type { Network } from './network.js';
import type { SimulatedPolicies } from './policies.js';
import type { Presences } from './presences.js';
import type { Profile } from './profile.js';
import type { Rivals } from './rivals.js';
import type { Server } from './server.js';
import type { Instance } from './simulated-instance.js';
import type { Spots } from './spots.js';
import type { VirtualTime } from './virtual-time.js';

export interface WorldParts {
  readonly profile: Profile;
  readonly options: ProtocolOptions;
  readonly policiesOf: (task: string) => SimulatedPolicies;
  readonly time: VirtualTime;
  readonly random: SeededRandom;
  readonly network: Network;
  /** First one for each position of the node set, then those that have come since. */
  readonly servers: Server[];
  /** Of the node set. */
  readonly positions: readonly number[];
  readonly rivals: Rivals;
  readonly names: Names;
  readonly spots: Spots;
  readonly presences: Presences;
  /** In the order in which they joined; the dead stay. */
  readonly instances: Instance[];
  readonly history: History;
  readonly claims: ClaimWitness;
  readonly runs: RunWitness;
  readonly tenures: TenureWitness;
  readonly progress: ProgressWitness;
  readonly locks: LockWitness;
  readonly releases: ReleaseWitness;
  readonly renewals: RenewalWitness;
  readonly outcomes: OutcomeWitness;
  readonly lags: LagWatch;
  readonly audit: AuditWitness;
  readonly giveUps: GiveUpWitness;
  readonly setBacks: SetBackWitness;
  readonly hung: HungWitness;
}
