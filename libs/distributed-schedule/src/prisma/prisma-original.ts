/** What PostgreSQL said, beneath an error of Prisma. Its own codes, such as P2010, look like those of PostgreSQL. */

/** A write conflict or a deadlock. */
const CONFLICT = 'P2034';
const SERIALISATION_FAILURE = '40001';

/** Of the adapter, for a connection that is lost. Prisma's own code may be that of any raw query, P2010. */
const NO_CONNECTION: ReadonlySet<unknown> = new Set([
  'ConnectionClosed',
  'DatabaseNotReachable',
  'SocketTimeout',
  'TlsConnectionError',
]);

interface AdapterCause {
  readonly originalCode?: unknown;
  readonly originalMessage?: unknown;
  readonly code?: unknown;
  readonly kind?: unknown;
}

/** Undefined where nothing of it is known. */
export function prismaOriginal(error: unknown): unknown {
  const { code, meta, cause } = (error ?? {}) as {
    readonly code?: unknown;
    readonly meta?: { readonly driverAdapterError?: { readonly cause?: AdapterCause } };
    readonly cause?: AdapterCause;
  };
  const said = meta?.driverAdapterError?.cause ?? cause;
  const original = said?.originalCode ?? (said?.kind === 'postgres' ? said.code : undefined);
  if (typeof original === 'string') return asServerError(original, error);
  if (NO_CONNECTION.has(said?.kind))
    return Object.assign(new Error('no connection'), { code: 'CONNECTION_ENDED' });
  return code === CONFLICT ? asServerError(SERIALISATION_FAILURE, error) : undefined;
}

function asServerError(code: string, cause: unknown): Error {
  return Object.assign(new Error(`PostgreSQL said ${code}`, { cause }), { code, severity: 'ERROR' });
}
