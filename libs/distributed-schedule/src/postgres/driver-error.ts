const SQLSTATE = /^[0-9A-Z]{5}$/;
/** An ORM wraps an error once or twice. */
const MAX_CAUSES = 8;

/** The first error of the chain that has a code of PostgreSQL or of the system; the innermost one where none has. */
export function driverError(error: unknown): unknown {
  let innermost = error;
  let now = error;
  for (let depth = 0; depth < MAX_CAUSES && typeof now === 'object' && now !== null; depth += 1) {
    innermost = now;
    const { code, cause, driverError: original } = now as Record<'code' | 'cause' | 'driverError', unknown>;
    if (original === undefined && cause === undefined) return now;
    if (typeof code === 'string' && SQLSTATE.test(code) && original === undefined) return now;
    now = original ?? cause;
  }
  return innermost;
}

/** Whether the server has said it: its errors have a severity beside their code. Codes of ORMs look alike. */
export function isServerError(error: unknown): boolean {
  const { code, severity } = (error ?? {}) as { readonly code?: unknown; readonly severity?: unknown };
  return typeof code === 'string' && SQLSTATE.test(code) && severity !== undefined;
}
