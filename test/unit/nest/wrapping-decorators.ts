/** Decorators of other libraries that replace or wrap methods, as small copies of what is published. */

export type Method = (...args: unknown[]) => unknown;

/** As autobind-decorator and core-decorators: a getter on the prototype, which puts the bound method on the instance. */
export const autobind = (
  _prototype: object,
  name: string,
  descriptor: PropertyDescriptor,
): PropertyDescriptor => {
  const method = descriptor.value as Method;
  return {
    configurable: true,
    get(this: object) {
      const bound = method.bind(this);
      Object.defineProperty(this, name, { configurable: true, writable: true, value: bound });
      return bound;
    },
  };
};

/** The same on the class: every method of its own becomes a getter. */
export const boundClass = (type: new (...args: never[]) => object): void => {
  for (const [name, descriptor] of Object.entries(Object.getOwnPropertyDescriptors(type.prototype))) {
    if (name === 'constructor' || typeof descriptor.value !== 'function') continue;
    Object.defineProperty(type.prototype, name, autobind(type.prototype, name, descriptor));
  }
};

/** As class-autobind: methods move from the prototype to each instance. */
export function boundInstances<T extends new (...args: never[]) => object>(type: T): T {
  const methods = Object.entries(Object.getOwnPropertyDescriptors(type.prototype)).filter(
    ([name]) => name !== 'constructor',
  );
  for (const [name] of methods) Reflect.deleteProperty(type.prototype, name);
  const bound = {
    [type.name]: class extends (type as new (...args: never[]) => object) {
      constructor(...args: never[]) {
        super(...args);
        for (const [name, { value }] of methods)
          Object.defineProperty(this, name, { value: (value as Method).bind(this) });
      }
    },
  };
  return bound[type.name] as T;
}

/** As `@Span` of OpenTelemetry: another function, without the metadata of the first. */
export const span = (
  _prototype: object,
  _name: string,
  descriptor: PropertyDescriptor,
): PropertyDescriptor => {
  const method = descriptor.value as Method;
  return {
    ...descriptor,
    value(this: unknown, ...args: unknown[]) {
      return method.apply(this, args);
    },
  };
};

/** As `@UseCls` of nestjs-cls: another function, with the metadata of the first. */
export const withMetadata = (prototype: object, name: string, descriptor: PropertyDescriptor) => {
  const replaced = span(prototype, name, descriptor);
  copyMetadata(descriptor.value, replaced.value);
  return replaced;
};

export function copyMetadata(from: object, to: object): void {
  for (const key of Reflect.getOwnMetadataKeys(from))
    Reflect.defineMetadata(key, Reflect.getOwnMetadata(key, from), to);
}

/** As class decorators that trace all methods, inherited ones too. */
export const wrapAll =
  (copies: boolean) =>
  (type: new (...args: never[]) => object): void => {
    for (let owner = type.prototype; owner !== Object.prototype; owner = Object.getPrototypeOf(owner)) {
      for (const name of Object.getOwnPropertyNames(owner)) {
        const descriptor = Object.getOwnPropertyDescriptor(owner, name);
        if (name === 'constructor' || typeof descriptor?.value !== 'function') continue;
        const wrap = copies ? withMetadata : span;
        Object.defineProperty(type.prototype, name, wrap(type.prototype, name, descriptor));
      }
    }
  };
