import { refused } from './lent-client.js';

/** A connection lent to an ORM for one attempt. After the attempt it refuses every call, also from code that kept it. */
export interface LastingLoan<Client extends object> {
  readonly client: Client;
  end(): void;
}

/** For an ORM that keeps the client beyond its transaction, when the pool may have lent it to somebody else. */
export function lastingLoan<Client extends object>(client: Client): LastingLoan<Client> {
  let isOver = false;
  const refuse = (): Promise<never> =>
    Promise.reject(
      refused('the attempt has ended, and its transaction with it: await all that you do with tx'),
    );
  return {
    client: new Proxy(client, {
      get: (target, name) => {
        if (isOver && name === 'query') return refuse;
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === 'function' ? value.bind(target) : value;
      },
    }),
    end: () => {
      isOver = true;
    },
  };
}
