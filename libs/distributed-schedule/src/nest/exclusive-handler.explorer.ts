import { Inject, Injectable } from '@nestjs/common';
import { DiscoveryService } from '@nestjs/core';
import { DistributedScheduleError } from '../protocol/contract/errors.js';
import type { TickHandler } from '../protocol/contract/tick-context.js';
import type { ExclusiveTask } from '../tasks/exclusive-task.js';
import { namedHandlersOf } from './decorators/exclusive-handler.decorator.js';
import { handlerOf, instancesOf, isSingleton } from './tick-handler.factory.js';

@Injectable()
export class ExclusiveHandlerExplorer {
  constructor(@Inject(DiscoveryService) private readonly discovery: DiscoveryService) {}

  /** @throws DistributedScheduleError DSCHED_REQUEST_SCOPED, DSCHED_DUPLICATE_TASK. Only when all instances exist */
  explore(): ReadonlyMap<string, TickHandler> {
    const handlers = new Map<string, { readonly handler: TickHandler; readonly origin: string }>();
    for (const { wrapper, instance, prototype } of instancesOf(this.discovery)) {
      for (const [name, method] of namedHandlersOf(prototype)) {
        const origin = `${prototype.constructor.name}.${method}`;
        if (!isSingleton(wrapper)) throw requestScoped(origin);
        const first = handlers.get(name);
        if (first !== undefined) throw duplicate(name, first.origin, origin);
        handlers.set(name, { handler: handlerOf(instance, method), origin });
      }
    }
    return new Map([...handlers].map(([name, { handler }]) => [name, handler]));
  }
}

function requestScoped(origin: string): DistributedScheduleError {
  return new DistributedScheduleError(
    'DSCHED_REQUEST_SCOPED',
    `@ExclusiveHandler stands on ${origin}, whose class is request-scoped or transient, or injects something that is. No ` +
      'instance of it exists when a tick comes. Move the method to a singleton provider.',
    { value: origin },
  );
}

function duplicate(name: string, first: string, second: string): DistributedScheduleError {
  return new DistributedScheduleError(
    'DSCHED_DUPLICATE_TASK',
    `both ${first} and ${second} are handlers of this name. Pass another { name } to one of them.`,
    { task: name, value: second },
  );
}

/** @throws DistributedScheduleError DSCHED_DUPLICATE_TASK for a name that could mean either of two methods */
export function handlersOf(
  own: ReadonlyMap<string, ExclusiveTask>,
  marked: ReadonlyMap<string, TickHandler>,
): ReadonlyMap<string, TickHandler> {
  for (const [name, { origin }] of own) {
    if (!marked.has(name)) continue;
    throw new DistributedScheduleError(
      'DSCHED_DUPLICATE_TASK',
      `${origin} is a task of this name, and a method is marked @ExclusiveHandler with it. An added task that runs '${name}' could ` +
        'mean either. Pass another { name } to one of them; a task needs no @ExclusiveHandler of its own to be run.',
      { task: name, value: origin },
    );
  }
  return new Map([...[...own].map(([name, { handler }]) => [name, handler] as const), ...marked]);
}
