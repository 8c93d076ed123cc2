/** A transaction, told by when it began: its process may serve somebody else by the time it is ended. */
export interface Backend {
  readonly pid: number;
  readonly began_us: string;
}

export const BACKEND_SQL =
  'SELECT pg_backend_pid() AS pid, (extract(epoch FROM now()) * 1000000)::bigint::text AS began_us';

export const END_BACKEND_SQL =
  'SELECT pg_terminate_backend(pid) AS ended FROM pg_stat_activity ' +
  'WHERE pid = $1::integer AND (extract(epoch FROM xact_start) * 1000000)::bigint = $2::bigint';
