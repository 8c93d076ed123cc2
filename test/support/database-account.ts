import { readFileSync } from 'node:fs';

export interface ServerAccount {
  readonly uid: number;
  readonly gid: number;
}

/** The ids of `nobody` on Debian and macOS differ; where there is no account for databases any harmless one will do. */
const FALLBACK_ID = 65_534;

/** PostgreSQL and pgbouncer refuse to run as root. */
export function accountOfServer(): ServerAccount | undefined {
  if (process.getuid?.() !== 0) return undefined;
  const line = readFileSync('/etc/passwd', 'utf8').match(/^postgres:[^:]*:(\d+):(\d+):/m);
  return { uid: Number(line?.[1] ?? FALLBACK_ID), gid: Number(line?.[2] ?? FALLBACK_ID) };
}
