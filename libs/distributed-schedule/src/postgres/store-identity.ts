/**
 * Which table of which database answers. The identity changes wherever rows may be lost: restore, promotion, copy, DROP,
 * TRUNCATE. A plain restart looks like a restored directory, so it changes then too.
 */

import type { IdentityReply } from '../once/snapshot-store.js';
import { type TableNames } from './migration.js';
import { failureOf } from './postgres-failure.js';
import type { StoreSession } from './store-session.js';

type Asked = Pick<StoreSession<unknown>, 'query' | 'close'>;

const START = '(extract(epoch FROM pg_postmaster_start_time()) * 1000000)::bigint';
/** Not that of the control file, which is the old one until the first checkpoint after a promotion. */
const TIMELINE = 'left(pg_walfile_name(pg_current_wal_lsn()), 8)';
const SYSTEM = '(SELECT system_identifier FROM pg_control_system())';

/** From all to what every role may ask of every PostgreSQL, and of what resembles it. */
const QUESTIONS: readonly (readonly string[])[] = [[START, TIMELINE, SYSTEM], [START, TIMELINE], [START]];

export class StoreIdentity {
  /** Of the questions the first that was not refused so far. */
  private asked = 0;

  constructor(
    private readonly open: () => Promise<Asked>,
    private readonly names: Pick<TableNames, 'table' | 'statusType'>,
  ) {}

  async read(): Promise<IdentityReply> {
    let reason = '';
    for (let at = this.asked; at < QUESTIONS.length; at += 1) {
      const reply = await this.ask(QUESTIONS[at] ?? []);
      if (reply.kind === 'answered') {
        this.asked = at;
        return reply.identity === null
          ? { answered: false, reason: 'no table, or a standby' }
          : { answered: true, identity: reply.identity };
      }
      reason = reply.reason;
      if (reply.kind === 'unreachable') break;
    }
    return { answered: false, reason };
  }

  private async ask(
    parts: readonly string[],
  ): Promise<
    | { readonly kind: 'answered'; readonly identity: string | null }
    | { readonly kind: 'unreachable' | 'refused'; readonly reason: string }
  > {
    const { table, statusType } = this.names;
    // A standby writes nothing, and has no WAL of its own. To join with a NULL is NULL: there is no table.
    const sql =
      "SELECT CASE WHEN NOT pg_is_in_recovery() THEN 'postgres ' || (SELECT oid FROM pg_database WHERE datname = current_database()) || ' ' || " +
      "$1 || ' ' || to_regclass($1)::oid || ' ' || concat_ws(' ', pg_relation_filenode(to_regclass($1)), " +
      `obj_description(to_regtype($2), 'pg_type'), ${parts.join(', ')}) END AS identity`;
    let session: Asked | undefined;
    try {
      session = await this.open();
      const [row] = await session.query<{ readonly identity: string | null }>(sql, [table, statusType]);
      session.close();
      return { kind: 'answered', identity: row?.identity ?? null };
    } catch (error) {
      session?.close(true);
      const failure = failureOf(error);
      const kind =
        failure.kind === 'refused' || failure.kind === 'transaction_failed' ? 'refused' : 'unreachable';
      return { kind, reason: 'reason' in failure ? failure.reason : failure.kind };
    }
  }
}
