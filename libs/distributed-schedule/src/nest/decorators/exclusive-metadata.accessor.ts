import type { ExclusiveMetadata } from '../../tasks/exclusive-task.js';
import { type DecoratedMethod, MethodMetadata } from './method-metadata.js';

/** A fixed key: two copies of this library in one process still understand each other's decorators. */
const EXCLUSIVE_TASK = 'nestjs-distributed-schedule:exclusive-task';

const METADATA = new MethodMetadata<ExclusiveMetadata>(EXCLUSIVE_TASK);

export function writeExclusiveMetadata(decorated: DecoratedMethod, metadata: ExclusiveMetadata): void {
  METADATA.write(decorated, metadata);
}

export function ownExclusiveMetadata(prototype: object, method: string): ExclusiveMetadata | undefined {
  return METADATA.own(prototype, method);
}

export interface ExclusiveMethod {
  readonly method: string;
  readonly metadata: ExclusiveMetadata;
}

/** The exclusive methods of a class, inherited ones too. */
export function exclusiveMethodsOf(prototype: object): readonly ExclusiveMethod[] {
  return METADATA.names(prototype).flatMap((method): ExclusiveMethod[] => {
    const metadata = METADATA.find(prototype, method);
    return metadata === undefined ? [] : [{ method, metadata }];
  });
}

/** Methods without a decorator that take the place of exclusive ones; `origin` is `ClassName.method` of these. */
export function overriddenMethodsOf(
  prototype: object,
): readonly { readonly method: string; readonly origin: string; readonly decorator: string }[] {
  return METADATA.names(prototype).flatMap((method) => {
    if (METADATA.find(prototype, method) !== undefined) return [];
    const base = METADATA.overridden(prototype, method);
    if (base === undefined || base.value.options.disabled === true) return [];
    const origin = `${base.owner.constructor.name}.${method}`;
    return [{ method, origin, decorator: base.value.decorator }];
  });
}
