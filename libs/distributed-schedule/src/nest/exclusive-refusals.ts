/** What can be wrong with an exclusive method that only shows when all instances exist. */

import { DistributedScheduleError } from '../protocol/contract/errors.js';
import type { ExclusiveMetadata, ExclusiveTask, TaskBlueprint } from '../tasks/exclusive-task.js';
import { nestScheduleOf } from './decorators/nest-schedule.metadata.js';
import { JOB_NAMES, jobKindOf } from './nest-schedule.js';
import { isSingleton, type ProviderWrapper, requireResolvable } from './tick-handler.factory.js';

export function requireReachable(
  wrapper: ProviderWrapper,
  metadata: ExclusiveMetadata,
  origin: string,
): void {
  if (isSingleton(wrapper)) return;
  if (metadata.options.perTick === true) {
    requireResolvable(wrapper, origin);
    return;
  }
  throw new DistributedScheduleError(
    'DSCHED_REQUEST_SCOPED',
    `${metadata.decorator} stands on ${origin}, whose class is ${wrapper.isTransient ? 'transient' : 'request-scoped'} or injects ` +
      'something that is. No instance of it exists when a tick comes. Pass { perTick: true } to have one made for each run, ' +
      'or move the method to a singleton provider.',
    { value: origin },
  );
}

export function refusePerTickOfSingleton(wrapper: ProviderWrapper, { name, perTick }: TaskBlueprint): void {
  if (!perTick || !isSingleton(wrapper)) return;
  throw new DistributedScheduleError(
    'DSCHED_BAD_OPTION',
    'option perTick is true, but its class is a singleton and injects nothing request-scoped; leave it out, or make the ' +
      'provider request-scoped',
    { task: name, value: true },
  );
}

/** @throws DistributedScheduleError DSCHED_NOT_A_METHOD where a decorator above ours has put a getter there, as autobind does */
export function requireCallable(
  instance: Readonly<Record<string, unknown>>,
  method: string,
  { decorator }: ExclusiveMetadata,
  origin: string,
): object {
  const replaced = (what: string, cause?: unknown): DistributedScheduleError =>
    new DistributedScheduleError(
      'DSCHED_NOT_A_METHOD',
      `${origin} is ${decorator}, and ${what}, so there is nothing to run. Look at the other decorators of the method and of its ` +
        'class.',
      { value: origin, cause },
    );
  let found: unknown;
  try {
    found = instance[method];
  } catch (cause) {
    throw replaced('the accessor that another decorator has put in its place cannot be read', cause);
  }
  if (typeof found === 'function') return found;
  throw replaced(
    `another decorator has put ${found === undefined ? 'nothing' : `a ${typeof found}`} in its place`,
  );
}

/** A schedule that is still in its old place would run on every instance beside the exclusive one. */
export function refusePlainSchedule(method: object, { decorator }: ExclusiveMetadata, origin: string): void {
  const plain = nestScheduleOf(method);
  if (plain === undefined) return;
  const name = JOB_NAMES[jobKindOf(plain)];
  throw new DistributedScheduleError(
    'DSCHED_DUPLICATE_TASK',
    `${origin} carries both ${decorator} and ${name}, which would run it on every instance as well. ` +
      (decorator === '@Exclusive' ? `Put @Exclusive() above ${name}.` : `Remove ${name}.`),
    { value: origin },
  );
}

/** Two tasks of one name, each with the class in which it was found. */
export function refuseDuplicate(
  first: readonly [ExclusiveTask, prototype: object] | undefined,
  [{ name, origin }, prototype]: readonly [ExclusiveTask, prototype: object],
): void {
  if (first === undefined) return;
  const [{ origin: firstOrigin }, firstPrototype] = first;
  throw new DistributedScheduleError(
    'DSCHED_DUPLICATE_TASK',
    firstOrigin !== origin
      ? `both ${firstOrigin} and ${origin} use this name. Pass another { name } to one of them.`
      : firstPrototype === prototype
        ? `there are two instances of ${origin}. Provide its class in one module and export it from there.`
        : twoClasses(origin),
    { task: name, value: origin },
  );
}

function twoClasses(origin: string): string {
  const [className = '', method = ''] = origin.split('.');
  return (
    `there are two classes called ${className} with a method ${method}. Pass { name } to one of them, such as ` +
    `{ name: 'other-${className.toLowerCase()}' }: a task's name is its identity in the whole cluster.`
  );
}
