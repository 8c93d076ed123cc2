import { EventEmitter } from 'node:events';
import { beforeEach, describe, expect, it } from 'vitest';
import { ConfirmedConnection } from '#src/redis/connection/confirmed-connection.js';
import { termsOf } from '#src/redis/connection/connection-terms.js';
import { requireRedisSources } from '#src/redis/connection/redis-input.js';
import type { StrictClient } from '#src/redis/connection/strict-client.js';
import { ManualClock } from '#src/testing/manual-clock.js';

const TIMEOUT_MS = 200;
const OUT_OF_RANGE = 'ERR DB index is out of range';
type Answer = string | Promise<string>;

/** A client whose server answers as the test says. */
class FakeClient extends EventEmitter {
  status = 'wait';
  readonly condition = { protocol: 3 };
  readonly sent: string[] = [];
  answer: (command: string) => Answer = () => 'OK';
  resets = 0;
  readonly stream = {
    destroy: (): void => {
      this.resets += 1;
    },
  };
  readonly select = (database: number) => this.send(`SELECT ${database}`);
  readonly auth = (...given: readonly string[]) => this.send(`AUTH ${given.join(' ')}`);
  readonly call = (command: string, ...args: readonly string[]) => this.send(`${command} ${args.join(' ')}`);
  readonly evalsha = () => this.send('EVALSHA');
  readonly eval = () => this.send('EVAL');
  readonly subscribe = () => this.send('SUBSCRIBE');
  readonly pipeline = () => ({ exec: () => this.send('PIPELINE') });
  readonly connect = async (): Promise<void> => {};
  readonly disconnect = (): void => {};

  open(): void {
    this.status = 'ready';
    this.emit('ready');
  }

  end(): void {
    this.status = 'reconnecting';
    this.emit('close');
  }

  private async send(command: string): Promise<string> {
    this.sent.push(command);
    const answer = await this.answer(command);
    if (answer !== 'OK') throw Object.assign(new Error(answer), { name: 'ReplyError' });
    return answer;
  }
}

/** Knows how many are asleep: each is a timer that keeps a process alive. */
class CountingClock extends ManualClock {
  asleep = 0;

  override async sleepUntil(untilMs: number, signal?: AbortSignal): Promise<void> {
    this.asleep += 1;
    await super.sleepUntil(untilMs, signal);
    this.asleep -= 1;
  }
}

let clock: CountingClock;
let client: FakeClient;

beforeEach(() => {
  clock = new CountingClock();
  client = new FakeClient();
});

function connectionTo(input: object | string): ConfirmedConnection {
  const [source] = requireRedisSources([input as string]);
  if (source === undefined) throw new Error('no source');
  return new ConfirmedConnection({
    client: client as unknown as StrictClient,
    terms: termsOf(source),
    clock,
    timeoutMs: TIMEOUT_MS,
  });
}

const confirm = (connection: ConfirmedConnection) => connection.confirm(clock.monotonicMs() + TIMEOUT_MS);

describe('a connection', () => {
  it('sends nothing before its database is confirmed', async () => {
    const connection = connectionTo('redis://h/2');
    client.open();
    expect(() => connection.requireConfirmed()).toThrow();
    expect(client.sent).toEqual([]);
    expect(await confirm(connection)).toBeUndefined();
    await connection.requireConfirmed().evalsha('', 0, []);
    expect(client.sent).toEqual(['SELECT 2', 'EVALSHA']);
  });

  it('asks for database 0 as well', async () => {
    const connection = connectionTo('redis://h');
    client.open();
    await confirm(connection);
    expect(client.sent).toEqual(['SELECT 0']);
  });

  it('is asked once for all that want to know at the same time, and no more when it has confirmed', async () => {
    const connection = connectionTo('redis://h');
    client.open();
    expect(await Promise.all([confirm(connection), confirm(connection)])).toEqual([undefined, undefined]);
    await confirm(connection);
    expect(client.sent).toEqual(['SELECT 0']);
  });

  it('has confirmed nothing when it ends before the answer is looked at', async () => {
    const connection = connectionTo('redis://h');
    client.open();
    const answers: ((text: string) => void)[] = [];
    client.answer = () => new Promise((resolve) => answers.push(resolve));
    const old = confirm(connection);
    client.end();
    client.open();
    const anew = confirm(connection);
    for (const answer of answers) answer('OK');
    expect(await old).toEqual({ code: 'NOT_CONNECTED' });
    expect(await anew).toBeUndefined();
    expect(client.sent).toEqual(['SELECT 0', 'SELECT 0']);
  });

  it('has to confirm anew after each end', async () => {
    const connection = connectionTo('redis://h');
    client.open();
    await confirm(connection);
    client.end();
    expect(connection.isConfirmed).toBe(false);
    expect(await confirm(connection)).toEqual({ code: 'NOT_CONNECTED' });
    client.open();
    expect(connection.isConfirmed).toBe(false);
    client.answer = () => OUT_OF_RANGE;
    expect(await confirm(connection)).toMatchObject({ code: 'DSCHED_DATABASE_REFUSED' });
    expect(connection.isConfirmed).toBe(false);
  });

  it('that does not answer is no refusal', async () => {
    const connection = connectionTo('redis://h');
    client.open();
    client.answer = () => new Promise(() => {});
    const unconfirmed = confirm(connection);
    await clock.advance(TIMEOUT_MS);
    expect(await unconfirmed).toEqual({ code: 'TIMED_OUT' });
    expect(connection.refusal).toBeUndefined();
  });

  it('to a Cluster is ready when it is ready', async () => {
    const cluster = { isCluster: true, options: {}, startupNodes: [7001], duplicate: () => ({}) };
    const connection = connectionTo(cluster);
    expect(connection.isConfirmed).toBe(false);
    client.open();
    expect(connection.isConfirmed).toBe(true);
    expect(client.sent).toEqual([]);
  });
});

describe('the user of a connection', () => {
  it.each([
    { given: { username: 'shop', password: 'p' }, asked: 'AUTH shop p' },
    { given: { password: 'p' }, asked: 'AUTH p' },
    { given: { username: 'shop' }, asked: 'AUTH shop ' },
  ])('of $given is confirmed before the database', async ({ given, asked }) => {
    const connection = connectionTo({ host: 'h', db: 2, ...given });
    client.open();
    expect(await confirm(connection)).toBeUndefined();
    expect(client.sent).toEqual([asked, 'SELECT 2']);
  });

  it('is refused even where the database is not', async () => {
    const connection = connectionTo({ host: 'h', password: 'geheim' });
    client.open();
    client.answer = (command) =>
      command.startsWith('AUTH') ? 'WRONGPASS invalid username-password pair' : 'OK';
    expect(await confirm(connection)).toMatchObject({ code: 'DSCHED_CREDENTIALS_REFUSED' });
    expect(JSON.stringify(connection.refusal)).not.toContain('geheim');
    client.answer = () => 'OK';
    expect(await confirm(connection)).toBeUndefined();
    expect(connection.refusal).toBeUndefined();
  });

  it('is read anew each time, and none where reading fails', async () => {
    const passwords = ['old', 'new'];
    const connection = connectionTo({
      get password() {
        if (passwords.length === 0) throw new Error('no file');
        return passwords.shift();
      },
    });
    for (let times = 0; times < 3; times += 1) {
      client.open();
      await confirm(connection);
      client.end();
    }
    expect(client.sent).toEqual(['AUTH old', 'SELECT 0', 'AUTH new', 'SELECT 0', 'SELECT 0']);
  });

  it('is confirmed by HELLO where AUTH is not there, in the protocol that is spoken', async () => {
    const connection = connectionTo({ password: 'p' });
    client.open();
    client.answer = (command) =>
      command.startsWith('AUTH') ? "ERR unknown command 'AUTH', with args beginning with: 'p'" : 'OK';
    expect(await confirm(connection)).toBeUndefined();
    expect(client.sent).toEqual(['AUTH p', 'SELECT 0', 'HELLO 3 AUTH default p']);
    client.end();
    client.open();
    client.answer = (command) => (command.startsWith('SELECT') ? 'OK' : "ERR unknown command 'AUTH'");
    expect(await confirm(connection)).toMatchObject({ code: 'DSCHED_CREDENTIALS_REFUSED' });
  });

  it('is known to be refused while ioredis connects, and not any more when nobody is there', () => {
    const connection = connectionTo({ password: 'p' });
    client.emit('error', Object.assign(new Error('WRONGPASS no'), { name: 'ReplyError' }));
    expect(connection.refusal?.code).toBe('DSCHED_CREDENTIALS_REFUSED');
    client.emit('error', Object.assign(new Error('BUSY no'), { name: 'ReplyError' }));
    expect(connection.refusal?.code).toBe('DSCHED_CREDENTIALS_REFUSED');
    client.emit('error', Object.assign(new Error('connect'), { code: 'ECONNREFUSED' }));
    expect(connection.refusal).toBeUndefined();
  });
});

describe('a refused connection', () => {
  it('is asked again less and less often, and told of once when it is confirmed', async () => {
    const connection = connectionTo('redis://h');
    let confirmed = 0;
    connection.onConfirmed(() => {
      confirmed += 1;
    });
    client.answer = () => 'BUSY Redis is busy running a script';
    client.open();
    const askedAtMs: number[] = [];
    for (let lastCount = 0, ms = 0; ms <= 6_000; ms += 100) {
      await clock.advance(ms === 0 ? 0 : 100);
      if (client.sent.length > lastCount) askedAtMs.push(ms);
      lastCount = client.sent.length;
    }
    expect(askedAtMs).toEqual([0, 100, 300, 700, 1_500, 3_100, 5_100]);
    client.answer = () => 'OK';
    await clock.advance(2_000);
    expect(confirmed).toBe(1);
    expect(client.resets).toBe(0);
  });

  it('is not waited for when it has ended, and the next one begins anew', async () => {
    const connection = connectionTo('redis://h');
    let confirmed = 0;
    connection.onConfirmed(() => {
      confirmed += 1;
    });
    client.answer = () => OUT_OF_RANGE;
    client.open();
    await clock.advance(50);
    expect(clock.asleep).toBe(1);
    client.end();
    await clock.advance(0);
    expect(clock.asleep).toBe(0);
    await clock.advance(10_000);
    expect(client.sent).toHaveLength(1);
    client.answer = () => 'OK';
    client.open();
    await clock.advance(0);
    expect([client.sent.length, confirmed]).toEqual([2, 1]);
  });

  it('is given up when it does not answer', async () => {
    const connection = connectionTo('redis://h');
    connection.onConfirmed(() => {});
    client.answer = () => new Promise(() => {});
    client.open();
    await clock.advance(TIMEOUT_MS);
    expect(client.resets).toBe(1);
  });
});
