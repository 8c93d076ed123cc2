/** Makes handlers of methods: of the one instance of a class, or of an instance that each run gets anew. */

import { ContextIdFactory, type DiscoveryService, ModuleRef } from '@nestjs/core';
import { DistributedScheduleError } from '../protocol/contract/errors.js';
import type { TickContext, TickHandler } from '../protocol/contract/tick-context.js';

export type ProviderWrapper = ReturnType<DiscoveryService['getProviders']>[number];

type Instance = Readonly<Record<string, unknown>>;

/** An instance that may have tasks, and where Nest has it. */
export interface Found {
  readonly wrapper: ProviderWrapper;
  readonly instance: Instance;
  readonly prototype: object;
}

/** Every instance once, controllers first: an alias (useExisting) shows the same one under a second token. */
export function instancesOf(discovery: DiscoveryService): readonly Found[] {
  const found = new Map<unknown, Found>();
  for (const wrapper of [...discovery.getControllers(), ...discovery.getProviders()]) {
    const instance: unknown = wrapper.instance;
    const prototype = prototypeOf(instance);
    if (prototype === undefined || found.has(instance)) continue;
    found.set(instance, { wrapper, instance: instance as Instance, prototype });
  }
  return [...found.values()];
}

/** Undefined for what is no object, or has none. */
export function prototypeOf(instance: unknown): object | undefined {
  if (typeof instance !== 'object' || instance === null) return undefined;
  return (Object.getPrototypeOf(instance) as object | null) ?? undefined;
}

/** One instance of the class serves all runs. */
export function isSingleton(wrapper: ProviderWrapper): boolean {
  return wrapper.isDependencyTreeStatic() && !wrapper.isTransient;
}

/** Looked up at each call, so that a spy or a patch that is set later is seen. */
export function handlerOf(instance: Instance, method: string): TickHandler {
  return (context) => callMethod(instance, method, context);
}

/**
 * Makes the provider for each run, with the context as `REQUEST`, as @nestjs/bullmq does for each job. Nest holds instances by a weak
 * reference to the id of their context. Durable ones are shared by the app's `ContextIdStrategy`.
 */
export function perTickHandlerOf(wrapper: ProviderWrapper, method: string): TickHandler {
  return async (context) => {
    const contextId = ContextIdFactory.getByRequest<TickContext>(context);
    const moduleRef = moduleRefOf(wrapper);
    const isDurable = wrapper.isDependencyTreeDurable();
    moduleRef.registerRequestByContextId(isDurable ? contextId.payload : context, contextId);
    const instance = await moduleRef.resolve<Instance>(wrapper.token as string, contextId, { strict: true });
    return callMethod(instance, method, context);
  };
}

/** @throws DistributedScheduleError DSCHED_REQUEST_SCOPED for a controller, of which only a request makes an instance */
export function requireResolvable(wrapper: ProviderWrapper, origin: string): void {
  if (wrapper.host?.providers.has(wrapper.token) === true) return;
  throw new DistributedScheduleError(
    'DSCHED_REQUEST_SCOPED',
    `${origin} is a method of a request-scoped controller, of which only a request makes an instance. ` +
      'Move the method to a provider.',
    { value: origin },
  );
}

/** That of the provider's own module: two modules may provide different things under one token. */
function moduleRefOf(wrapper: ProviderWrapper): ModuleRef {
  const moduleRef: unknown = wrapper.host?.providers.get(ModuleRef)?.instance;
  if (!(moduleRef instanceof ModuleRef))
    throw new TypeError(`the module of ${String(wrapper.name)} has no ModuleRef`);
  return moduleRef;
}

function callMethod(instance: Instance, method: string, context: TickContext): unknown {
  const handler = instance[method];
  if (typeof handler !== 'function') throw new TypeError(`${method} is no method any more`);
  return handler.call(instance, context);
}
