import { expect, it } from 'vitest';
import { writeNow, writeTogether } from '#src/redis/connection/shared-write.js';
import { keptWrites } from '../../support/kept-writes.js';

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

it('what can wait leaves in one write at the end of the turn, also what came some promises later', async () => {
  const { stream, writes } = keptWrites();
  const send = (text: string): void => {
    writeTogether({ stream });
    stream.write(text);
  };
  send('beat');
  await Promise.resolve().then(() => undefined);
  send('exchange');
  expect(writes).toEqual([]);
  await nextTurn();
  expect(writes).toEqual(['beat+exchange']);
  send('beat');
  await nextTurn();
  expect(writes).toEqual(['beat+exchange', 'beat']);
});

it('what cannot wait leaves at once, with what was kept back before it', async () => {
  const { stream, writes } = keptWrites();
  writeTogether({ stream });
  stream.write('beat');
  stream.write('claim');
  writeNow({ stream });
  expect(writes).toEqual(['beat+claim']);
  stream.write('claim');
  await nextTurn();
  expect(writes).toEqual(['beat+claim', 'claim']);
});

it.each([{}, { stream: null }])('a client that shows no socket is left alone: %o', (client) => {
  expect(() => {
    writeTogether(client);
    writeNow(client);
  }).not.toThrow();
});

it('a socket that was destroyed meanwhile is no error', async () => {
  const { stream } = keptWrites();
  stream.on('error', () => undefined);
  writeTogether({ stream });
  stream.write('beat');
  stream.destroy();
  await nextTurn();
  expect(stream.destroyed).toBe(true);
});
