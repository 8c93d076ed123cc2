import { errorOfNode, failureCode, isReply, UNKNOWN_COMMAND } from './failure-code.js';

/** Why a server that is up is not used. No secret, host name or user name: only the first word of what it said. */
export interface ConnectionRefusal {
  readonly code: 'DSCHED_DATABASE_REFUSED' | 'DSCHED_CREDENTIALS_REFUSED';
  /** Follows the name of a node or a store: "it refuses database 2 (BUSY): …". */
  readonly why: string;
  /** Somebody has to act. Otherwise it may pass by itself, as BUSY does. */
  readonly isLasting: boolean;
}

/** What servers say of a database or a user that they refuse for good. */
const LASTING = new Set(['ERR', 'NOPERM', 'NOAUTH', 'WRONGPASS', UNKNOWN_COMMAND]);
const ABOUT_THE_USER = new Set(['NOAUTH', 'WRONGPASS']);

export function databaseRefusal(database: number, word: string): ConnectionRefusal {
  return ABOUT_THE_USER.has(word)
    ? credentialsRefusal(word)
    : {
        code: 'DSCHED_DATABASE_REFUSED',
        why: `it refuses database ${database} (${word}): ${remedyOf(database, word)}`,
        isLasting: LASTING.has(word),
      };
}

export function credentialsRefusal(word: string): ConnectionRefusal {
  const what =
    word === 'NOAUTH'
      ? 'it asks for a password (NOAUTH): give one, as redis://:password@host, or as username and password of ioredis options'
      : `it refuses the user or the password (${word}): compare both with ACL LIST of the server, and see that the user is on`;
  return { code: 'DSCHED_CREDENTIALS_REFUSED', why: what, isLasting: LASTING.has(word) };
}

/** A password that nobody asks for: most likely another server than the one that is meant. */
export function needlessPassword(): ConnectionRefusal {
  return {
    code: 'DSCHED_CREDENTIALS_REFUSED',
    why:
      'its default user has no password, and one is given, so it may be another server than the one that is meant: ' +
      'set the password there (requirepass), or leave it out here',
    isLasting: true,
  };
}

/** ioredis logs in before it is ready: only this error tells of a failed login. An unreachable server refuses nothing. */
export function refusalAfter(
  error: unknown,
  known: ConnectionRefusal | undefined,
): ConnectionRefusal | undefined {
  const cause = errorOfNode(error);
  if (!isReply(cause)) return undefined;
  const word = failureCode(cause);
  return ABOUT_THE_USER.has(word) ? credentialsRefusal(word) : known;
}

function remedyOf(database: number, word: string): string {
  switch (word) {
    case 'BUSY':
      return "another client's script keeps the server busy; it is asked again until the script has ended (SCRIPT KILL ends it)";
    case 'NOPERM':
      return 'give the user the right +select';
    case UNKNOWN_COMMAND:
      return 'SELECT must not be renamed';
    case 'ERR':
      return (
        `databases are numbered from 0, and CONFIG GET databases shows how many there are; ` +
        `${database === 0 ? 'SELECT must not be renamed' : 'managed and clustered servers have number 0 only'}`
      );
    default:
      return 'it is asked again';
  }
}
