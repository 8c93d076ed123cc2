/** Stands in for a port: every call goes through to it, and a test does something before, after or instead of some. */

type Callable<P, M extends keyof P, Hook> =
  NonNullable<P[M]> extends (...given: never[]) => unknown ? Hook : never;
type Given<P, M extends keyof P> = Parameters<Extract<NonNullable<P[M]>, (...given: never[]) => unknown>>;
type Answer<P, M extends keyof P> = ReturnType<Extract<NonNullable<P[M]>, (...given: never[]) => unknown>>;

export interface Between<P> {
  /** Hears of a call, and holds it back until its promise has resolved. */
  readonly before?: { readonly [M in keyof P]?: Callable<P, M, (...given: Given<P, M>) => unknown> };
  /** Hears an answer, and holds it back until its promise has resolved. */
  readonly after?: {
    readonly [M in keyof P]?: Callable<
      P,
      M,
      (answer: Awaited<Answer<P, M>>, ...given: Given<P, M>) => unknown
    >;
  };
  /** Answers a call; `ask` makes it, which may be never. */
  readonly instead?: {
    readonly [M in keyof P]?: Callable<
      P,
      M,
      (ask: () => Answer<P, M>, ...given: Given<P, M>) => Answer<P, M>
    >;
  };
}

type Loose = (...given: unknown[]) => unknown;
type Hooks = Readonly<Record<PropertyKey, Loose | undefined>>;

export function between<P extends object>(port: P, hooks: Between<P>): P {
  const [before, after, instead] = [hooks.before, hooks.after, hooks.instead].map(
    (each) => (each ?? {}) as Hooks,
  );
  return new Proxy(port, {
    get(_, name) {
      const own = Reflect.get(port, name, port) as unknown;
      const [first, last, other] = [before?.[name], after?.[name], instead?.[name]];
      if (typeof own !== 'function' && other === undefined) return own;
      const call = typeof own === 'function' ? (own.bind(port) as Loose) : () => undefined;
      return (...given: unknown[]) => {
        const ask = (): unknown =>
          other === undefined ? call(...given) : other(() => call(...given), ...given);
        const answer = then(first?.(...given), ask);
        return last === undefined
          ? answer
          : then(answer, (value) => then(last(value, ...given), () => value));
      };
    },
  });
}

/** At once where nothing is to be waited for: how many turns a call takes is part of what simulated time sees. */
function then(value: unknown, next: (value: unknown) => unknown): unknown {
  return value instanceof Promise ? value.then(next) : next(value);
}

/** Stands for the port that is the current one when it is called. There may be none before that. */
export function whichever<P extends object>(current: () => P): P {
  return new Proxy({} as P, {
    get(_, name) {
      const value = Reflect.get(current(), name) as unknown;
      if (typeof value !== 'function') return value;
      return (...given: unknown[]) => (Reflect.get(current(), name) as Loose).apply(current(), given);
    },
  });
}
