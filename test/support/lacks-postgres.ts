/** What tests do where PostgreSQL cannot be had. */

import { findPostgresBin } from '../../scripts/ensure-postgres.mjs';

const REASON = 'PostgreSQL is not on this machine: node scripts/ensure-postgres.mjs says what to do';

/** Whether to skip a suite; says so loudly. */
export function lacksPostgres(what: string): boolean {
  if (findPostgresBin() !== undefined) return false;
  process.stderr.write(`!! SKIPPED ${what}: ${REASON}\n`);
  return true;
}
