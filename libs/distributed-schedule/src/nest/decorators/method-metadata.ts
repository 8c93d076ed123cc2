/**
 * What a decorator writes about a method, in three places, since other decorators move and replace methods:
 *
 * - under (prototype, name): outlives a decorator that puts another function or a getter (autobind) there,
 * - on the function: goes along where a mixin or a wrapper copies it to another prototype,
 * - in a list on the prototype: keeps the name of a method that was taken off to be bound on each instance.
 */

import 'reflect-metadata';

export interface DecoratedMethod {
  readonly prototype: object;
  readonly name: string;
  readonly method: object;
}

/** What stands on the function. With the name: a copy under another name is no second task. */
interface Note<T> {
  readonly name: string;
  readonly value: T;
}

export class MethodMetadata<T> {
  private readonly listKey: string;

  /** @param key fixed, so that two copies of this library in one process understand each other's decorators */
  constructor(private readonly key: string) {
    this.listKey = `${key}:names`;
  }

  write({ prototype, name, method }: DecoratedMethod, value: T): void {
    Reflect.defineMetadata(this.key, value, prototype, name);
    const note: Note<T> = { name, value };
    Reflect.defineMetadata(this.key, note, method);
    Reflect.defineMetadata(this.listKey, [...new Set([...this.listOf(prototype), name])], prototype);
  }

  own(prototype: object, name: string): T | undefined {
    return Reflect.getOwnMetadata(this.key, prototype, name);
  }

  /** Every name of the chain under which something may be written. Accessors too, which Nest's MetadataScanner passes over. */
  names(prototype: object): readonly string[] {
    const names = new Set<string>();
    for (const owner of chainOf(prototype)) {
      for (const name of [...Object.getOwnPropertyNames(owner), ...this.listOf(owner)]) names.add(name);
    }
    names.delete('constructor');
    return [...names];
  }

  /** What holds for the method: an inherited one counts, one that is overridden without a decorator does not. */
  find(prototype: object, name: string): T | undefined {
    const owner = this.ownersOf(prototype, name)[0];
    return owner === undefined ? undefined : this.at(owner, name);
  }

  /** What was written on a method that another one of the same name takes the place of. */
  overridden(prototype: object, name: string): { readonly owner: object; readonly value: T } | undefined {
    for (const owner of this.ownersOf(prototype, name).slice(1)) {
      const value = this.at(owner, name);
      if (value !== undefined) return { owner, value };
    }
    return undefined;
  }

  private ownersOf(prototype: object, name: string): readonly object[] {
    return chainOf(prototype).filter(
      (owner) => Object.hasOwn(owner, name) || this.own(owner, name) !== undefined,
    );
  }

  private at(owner: object, name: string): T | undefined {
    const own = this.own(owner, name);
    if (own !== undefined) return own;
    // Not read: the getter of an accessor can run anything.
    const method: unknown = Object.getOwnPropertyDescriptor(owner, name)?.value;
    if (typeof method !== 'function') return undefined;
    const note: Note<T> | undefined = Reflect.getOwnMetadata(this.key, method);
    return note?.name === name ? note.value : undefined;
  }

  private listOf(prototype: object): readonly string[] {
    return Reflect.getOwnMetadata(this.listKey, prototype) ?? [];
  }
}

/** From the class itself to its furthest base, without what every object has. */
function chainOf(prototype: object): readonly object[] {
  const chain: object[] = [];
  for (
    let owner: object | null = prototype;
    owner !== null && owner !== Object.prototype;
    owner = Object.getPrototypeOf(owner)
  ) {
    chain.push(owner);
  }
  return chain;
}
