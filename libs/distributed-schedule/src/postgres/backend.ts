/**
 * Which transaction of which server process. Its number alone does not do: the process may serve somebody else by the time that it is to be
 * ended, and behind a pooler the number can be another connection's. The instant at which a transaction began tells them apart.
 */
export interface Backend {
  readonly pid: number;
  readonly began_us: string;
}

export const BACKEND_SQL =
  'SELECT pg_backend_pid() AS pid, (extract(epoch FROM now()) * 1000000)::bigint::text AS began_us';

/** Ends the process while it is in that transaction. */
export const END_BACKEND_SQL =
  'SELECT pg_terminate_backend(pid) AS ended FROM pg_stat_activity ' +
  'WHERE pid = $1::integer AND (extract(epoch FROM xact_start) * 1000000)::bigint = $2::bigint';
