import { requireKnownOptions } from '../../protocol/options/option-names.js';
import { requireName } from '../../protocol/options/option-spec.js';
import { type ExclusiveMethodDecorator, requireMethod } from './exclusive-method.decorator.js';
import { MethodMetadata } from './method-metadata.js';

const DECORATOR = '@ExclusiveHandler';

/** A fixed key: two copies of this library in one process still understand each other's decorators. */
const EXCLUSIVE_HANDLER = 'nestjs-distributed-schedule:exclusive-handler';

const METADATA = new MethodMetadata<string>(EXCLUSIVE_HANDLER);

export interface ExclusiveHandlerOptions {
  /** Stable over releases: tasks that were added at run time name it. 1 to 200 characters without braces. */
  readonly name: string;
}

/**
 * A method that tasks which are added at run time may run, by the name given here. It has no schedule of its own:
 *
 * ```ts
 * @ExclusiveHandler({ name: 'send-report' })
 * async sendReport(tick: TickContext) { await this.mail(tick.payload); }
 * ```
 * and then `registry.add({ name: 'report of acme', runs: 'send-report', cron: '0 7 * * *', payload: { customer: 'acme' } })`.
 * @throws DistributedScheduleError DSCHED_UNKNOWN_OPTION, DSCHED_BAD_OPTION, DSCHED_NOT_A_METHOD while the class is made
 */
export function ExclusiveHandler(options: ExclusiveHandlerOptions): ExclusiveMethodDecorator {
  requireKnownOptions(DECORATOR, options, { name: true });
  requireName('name', options.name);
  return (prototype: unknown, key: unknown, descriptor: unknown) => {
    const decorated = requireMethod(DECORATOR, prototype, key, descriptor);
    METADATA.write(decorated, options.name);
  };
}

/** The methods of this prototype that may be run by name. One that a subclass overrides still may: it has no schedule to lose. */
export function namedHandlersOf(prototype: object): readonly (readonly [name: string, method: string])[] {
  return METADATA.names(prototype).flatMap((method): [string, string][] => {
    const name = METADATA.find(prototype, method) ?? METADATA.overridden(prototype, method)?.value;
    return name === undefined ? [] : [[name, method]];
  });
}
