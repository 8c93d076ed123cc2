/** All breakages by which the simulation is scored. */

import { CLAIM_MUTANTS } from './claim-mutants.js';
import { CLOCK_MUTANTS } from './clock-mutants.js';
import { CONTEST_MUTANTS } from './contest-mutants.js';
import { HUNG_MUTANTS } from './hung-mutants.js';
import { IDENTITY_MUTANTS } from './identity-mutants.js';
import { LEASE_MUTANTS } from './lease-mutants.js';
import { LOST_MUTANTS } from './lost-mutants.js';
import type { Mutant } from './mutant.js';
import { OVERLOAD_MUTANTS } from './overload-mutants.js';
import { POLICY_MUTANTS } from './policy-mutants.js';
import { PRUNE_MUTANTS } from './prune-mutants.js';
import { SET_MUTANTS } from './set-mutants.js';

export const MUTANTS: readonly Mutant[] = [
  ...CLAIM_MUTANTS,
  ...LEASE_MUTANTS,
  ...CONTEST_MUTANTS,
  ...POLICY_MUTANTS,
  ...IDENTITY_MUTANTS,
  ...SET_MUTANTS,
  ...CLOCK_MUTANTS,
  ...HUNG_MUTANTS,
  ...PRUNE_MUTANTS,
  ...LOST_MUTANTS,
  ...OVERLOAD_MUTANTS,
];
