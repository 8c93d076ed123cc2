/** What all exclusive decorators have in common. Whatever can be refused while the class is made, is. */

import { DistributedScheduleError } from '../../protocol/contract/errors.js';
import type { TickContext } from '../../protocol/contract/tick-context.js';
import type { ExclusiveMetadata } from '../../tasks/exclusive-task.js';
import { ownExclusiveMetadata, writeExclusiveMetadata } from './exclusive-metadata.accessor.js';
import type { DecoratedMethod } from './method-metadata.js';

/** Decorates a method that takes nothing or a {@link TickContext}; anything else does not compile. */
export type ExclusiveMethodDecorator = <T extends (tick: TickContext) => unknown>(
  prototype: object,
  method: string,
  descriptor: TypedPropertyDescriptor<T>,
) => void;

export function exclusiveMethod(
  decorator: string,
  describe: (decorated: DecoratedMethod) => Omit<ExclusiveMetadata, 'decorator'>,
): ExclusiveMethodDecorator {
  // Typed as unknown: JavaScript, casts and other dialects of decorators come past the compiler.
  return (prototype: unknown, key: unknown, descriptor: unknown) => {
    const decorated = requireMethod(decorator, prototype, key, descriptor);
    refuseSecondDecorator(decorator, decorated);
    writeExclusiveMetadata(decorated, { decorator, ...describe(decorated) });
  };
}

/** @throws DistributedScheduleError DSCHED_NOT_A_METHOD, DSCHED_UNSTABLE_NAME */
export function requireMethod(
  decorator: string,
  prototype: unknown,
  key: unknown,
  descriptor: unknown,
): DecoratedMethod {
  if (typeof key === 'object' && key !== null && 'kind' in key) {
    const advice = 'set "experimentalDecorators": true, as every Nest app does';
    throw notAMethod(decorator, String(key.kind), advice);
  }
  if (typeof prototype === 'function') {
    throw key === undefined
      ? notAMethod(decorator, `class ${prototype.name}`, 'put it on a method of the class')
      : notAMethod(decorator, `static ${prototype.name}.${String(key)}`, 'make it a method of a provider');
  }
  const place = `${prototype?.constructor.name ?? ''}.${String(key)}`;
  if (typeof key === 'symbol') {
    throw new DistributedScheduleError(
      'DSCHED_UNSTABLE_NAME',
      `${decorator} stands on ${place}: a symbol is no stable name. Give the method a name.`,
      { value: key },
    );
  }
  const { value: method, get } = Object(descriptor) as Readonly<Record<string, unknown>>;
  const isMethod = typeof key === 'string' && typeof method === 'function';
  if (typeof prototype !== 'object' || prototype === null || !isMethod) {
    const advice = 'fields, accessors and parameters cannot be scheduled';
    const way = `. If @autobind or the like has made an accessor of it, write that one above ${decorator}`;
    throw notAMethod(decorator, place, get === undefined ? advice : `${advice}${way}`);
  }
  return { prototype, name: key, method };
}

function notAMethod(decorator: string, place: string, advice: string): DistributedScheduleError {
  return new DistributedScheduleError(
    'DSCHED_NOT_A_METHOD',
    `${decorator} stands on ${place}, which is not a method of an instance: ${advice}.`,
    { value: place },
  );
}

function refuseSecondDecorator(decorator: string, { prototype, name }: DecoratedMethod): void {
  const first = ownExclusiveMetadata(prototype, name);
  if (first === undefined) return;
  const place = `${prototype.constructor.name}.${name}`;
  throw new DistributedScheduleError(
    'DSCHED_DUPLICATE_TASK',
    `${place} carries both ${first.decorator} and ${decorator}. A method is one task: write a method for each schedule.`,
    { value: place },
  );
}
