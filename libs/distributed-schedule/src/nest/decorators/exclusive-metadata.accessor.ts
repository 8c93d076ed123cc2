import { Injectable } from '@nestjs/common';
import type { ExclusiveMetadata } from '../../tasks/exclusive-task.js';
import { type DecoratedMethod, MethodMetadata } from './method-metadata.js';

/** A fixed key: two copies of this library in one process still understand each other's decorators. */
const EXCLUSIVE_TASK = 'nestjs-distributed-schedule:exclusive-task';

const METADATA = new MethodMetadata<ExclusiveMetadata>(EXCLUSIVE_TASK);

export function writeExclusiveMetadata(decorated: DecoratedMethod, metadata: ExclusiveMetadata): void {
  METADATA.write(decorated, metadata);
}

/** What was written on exactly this prototype. */
export function ownExclusiveMetadata(prototype: object, method: string): ExclusiveMetadata | undefined {
  return METADATA.own(prototype, method);
}

/** An exclusive method of a class. */
export interface ExclusiveMethod {
  readonly method: string;
  readonly metadata: ExclusiveMetadata;
}

/** A method without a decorator, in the place of an exclusive one. */
export interface OverriddenMethod {
  readonly method: string;
  /** `ClassName.method` of the exclusive one. */
  readonly origin: string;
  readonly decorator: string;
}

/** Reads what the exclusive decorators wrote. */
@Injectable()
export class ExclusiveMetadataAccessor {
  methodsOf(prototype: object): readonly ExclusiveMethod[] {
    return METADATA.names(prototype).flatMap((method): ExclusiveMethod[] => {
      const metadata = METADATA.find(prototype, method);
      return metadata === undefined ? [] : [{ method, metadata }];
    });
  }

  overriddenMethodsOf(prototype: object): readonly OverriddenMethod[] {
    return METADATA.names(prototype).flatMap((method): OverriddenMethod[] => {
      if (METADATA.find(prototype, method) !== undefined) return [];
      const base = METADATA.overridden(prototype, method);
      if (base === undefined || base.value.options.disabled === true) return [];
      const origin = `${base.owner.constructor.name}.${method}`;
      return [{ method, origin, decorator: base.value.decorator }];
    });
  }
}
