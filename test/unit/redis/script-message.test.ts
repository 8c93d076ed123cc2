import { expect, it } from 'vitest';
import type { StrictConnection } from '#src/redis/connection/strict-connection.js';
import { EXCHANGE_SCRIPT } from '#src/redis/scripts/board-script.js';
import { CLAIM_SCRIPT } from '#src/redis/scripts/ledger-scripts.js';
import { BEAT_SCRIPT } from '#src/redis/scripts/membership-scripts.js';
import type { RedisScript } from '#src/redis/scripts/redis-scripts.js';
import { sendScript } from '#src/redis/scripts/script-message.js';
import { keptWrites } from '../../support/kept-writes.js';

const NAMES = new Map([BEAT_SCRIPT, EXCHANGE_SCRIPT, CLAIM_SCRIPT].map(({ sha1, name }) => [sha1, name]));

/** A connection that keeps which scripts have left in which write. */
function wire(): {
  readonly send: (script: RedisScript, waitReplicas?: number) => void;
  readonly writes: string[];
} {
  const { stream, writes } = keptWrites();
  const write = (sha1: unknown): void => void stream.write(NAMES.get(String(sha1)) ?? '');
  const client = {
    stream,
    evalsha: async (sha1: string) => write(sha1),
    pipeline: (commands: readonly (readonly unknown[])[]) => ({
      exec: async () => {
        write(commands[0]?.[1]);
        return [
          [null, 1],
          [null, 1],
        ];
      },
    }),
  };
  const connection = { requireConfirmed: () => client } as unknown as StrictConnection;
  return {
    writes,
    send: (script, waitReplicas = 0) =>
      void sendScript(connection, script, [], [], { isByHash: true, waitReplicas, waitMs: 1 }),
  };
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('a beat and the exchange of the board leave in one write', async () => {
  const { send, writes } = wire();
  await Promise.resolve();
  send(EXCHANGE_SCRIPT);
  await Promise.resolve();
  send(BEAT_SCRIPT);
  expect(writes).toEqual([]);
  await nextTurn();
  expect(writes).toEqual(['exchange+beat']);
});

it.each([0, 1])('a claim leaves at once, also behind a beat and with %i replicas to wait for', (replicas) => {
  const { send, writes } = wire();
  send(BEAT_SCRIPT);
  send(CLAIM_SCRIPT, replicas);
  expect(writes).toEqual(['beat+claim']);
});
