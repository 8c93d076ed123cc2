import type { Clock } from '../../protocol/contract/ports.js';
import {
  type ConnectionRefusal,
  credentialsRefusal,
  databaseRefusal,
  needlessPassword,
} from './connection-refusal.js';
import type { ConnectionTerms, Credentials } from './connection-terms.js';
import { type FailureCode, failureCode, isReply, NO_PASSWORD, UNKNOWN_COMMAND } from './failure-code.js';
import { callWithin } from './node-call.js';
import type { StrictClient } from './strict-client.js';

/** Undefined: the server has confirmed database and user. */
export type Unconfirmed = { readonly code: FailureCode; readonly refusal?: ConnectionRefusal };

const CONFIRMED = 'confirmed';
type Verdict = typeof CONFIRMED | ConnectionRefusal;

/** AUTH and SELECT in one write: ioredis is `ready` where they are refused. Database 0 is asked too: BUSY shows there. */
export async function askTerms(
  client: StrictClient,
  terms: ConnectionTerms,
  clock: Clock,
  deadlineMs: number,
): Promise<Unconfirmed | undefined> {
  const { database } = terms;
  const credentials = terms.credentials();
  const ask = (send: () => Promise<Verdict>): Promise<Unconfirmed | undefined> =>
    callWithin(clock, deadlineMs, send).then((result) => {
      if (!result.ok) return { code: result.code };
      const refusal = result.value as Verdict;
      return refusal === CONFIRMED ? undefined : { code: refusal.code, refusal };
    });
  const [user, selected] = await Promise.all([
    credentials === undefined ? undefined : ask(() => logIn(client, credentials)),
    database === undefined ? undefined : ask(() => select(client, database)),
  ]);
  return user ?? selected;
}

async function select(client: StrictClient, database: number): Promise<Verdict> {
  try {
    const reply = await client.select(database);
    return reply === 'OK' ? CONFIRMED : databaseRefusal(database, 'ERR');
  } catch (error) {
    requireReply(error);
    return databaseRefusal(database, failureCode(error));
  }
}

async function logIn(client: StrictClient, credentials: Credentials): Promise<Verdict> {
  const { username, password } = credentials;
  try {
    const reply = await client.auth(...(username === undefined ? [password] : [username, password]));
    return reply === 'OK' ? CONFIRMED : credentialsRefusal('ERR');
  } catch (error) {
    requireReply(error);
    const code = failureCode(error);
    if (code === UNKNOWN_COMMAND) return logInByHello(client, credentials);
    return code === NO_PASSWORD ? needlessPassword() : credentialsRefusal(code);
  }
}

/** Where AUTH is renamed or not there. The protocol is named as it stands, so that nothing about the connection changes. */
async function logInByHello(
  client: StrictClient,
  { username = 'default', password }: Credentials,
): Promise<Verdict> {
  try {
    await client.call('HELLO', String(client.condition?.protocol ?? 2), 'AUTH', username, password);
    return CONFIRMED;
  } catch (error) {
    requireReply(error);
    return credentialsRefusal(failureCode(error));
  }
}

/** A timeout or a closed connection says nothing about database or user. */
function requireReply(error: unknown): asserts error is { readonly message: string } {
  if (!isReply(error)) throw error;
}

/** While a server refuses, it is asked again after so long, then after twice as long, and so on, on the same connection. */
const FIRST_RETRY_MS = 100;
const MAX_RETRY_MS = 2_000;

/**
 * Asks until a connection is confirmed, has ended, or does not answer.
 * @param ended aborts when the connection ends
 */
export async function confirmPatiently(
  clock: Clock,
  ended: AbortSignal,
  ask: () => Promise<Unconfirmed | undefined>,
): Promise<'confirmed' | 'silent' | 'ended'> {
  for (let waitMs = FIRST_RETRY_MS; ; waitMs = Math.min(2 * waitMs, MAX_RETRY_MS)) {
    const unconfirmed = await ask();
    if (ended.aborted) return 'ended';
    if (unconfirmed === undefined) return 'confirmed';
    if (unconfirmed.refusal === undefined) return 'silent';
    await clock.sleepUntil(clock.monotonicMs() + waitMs, ended);
    if (ended.aborted) return 'ended';
  }
}
