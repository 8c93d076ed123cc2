/** What tests do where pgbouncer cannot be had. */

import { findPgbouncer } from '../../scripts/ensure-pgbouncer.mjs';
import { lacksPostgres } from './lacks-postgres.js';

const REASON = 'pgbouncer is not on this machine: node scripts/ensure-pgbouncer.mjs says what to do';

/** Whether to skip a suite; says so loudly. */
export function lacksPgbouncer(what: string): boolean {
  if (lacksPostgres(what)) return true;
  if (findPgbouncer() !== undefined) return false;
  process.stderr.write(`!! SKIPPED ${what}: ${REASON}\n`);
  return true;
}
