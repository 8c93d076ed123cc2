import 'reflect-metadata';
import { Injectable } from '@nestjs/common';
import type { ExclusiveTaskOptions } from './exclusive-task-options.js';
import type { ScheduleDefinition } from './schedule-definition.js';
import type { ScheduleFactory } from './schedule-factory.js';

/** A fixed key: two copies of this library in one process still understand each other's decorators. */
const EXCLUSIVE_TASK = 'nestjs-distributed-schedule:exclusive-task';

/** What an exclusive decorator wrote. */
export interface ExclusiveMetadata {
  /** Such as `@CronExclusive`, for messages. */
  readonly decorator: string;
  readonly options: ExclusiveTaskOptions;
  /** Absent where `@Exclusive` has found no schedule to take over. */
  readonly schedule?: ScheduleDefinition;
  /** Gives the value that is missing in `schedule`, when the app boots. */
  readonly factory?: ScheduleFactory<unknown>;
}

/**
 * Writes under (prototype, name) and not on the function, as @nestjs/schedule does: a further decorator that
 * replaces the function without copying its metadata would make the task vanish without a word.
 */
export function writeExclusiveMetadata(prototype: object, method: string, metadata: ExclusiveMetadata): void {
  Reflect.defineMetadata(EXCLUSIVE_TASK, metadata, prototype, method);
}

/** What was written on exactly this prototype. */
export function ownExclusiveMetadata(prototype: object, method: string): ExclusiveMetadata | undefined {
  return Reflect.getOwnMetadata(EXCLUSIVE_TASK, prototype, method);
}

/** Reads what the exclusive decorators wrote. */
@Injectable()
export class ExclusiveMetadataAccessor {
  /** An inherited method counts; one that a subclass overrides without a decorator of its own does not. */
  find(prototype: object, method: string): ExclusiveMetadata | undefined {
    for (let owner: object | null = prototype; owner !== null; owner = Object.getPrototypeOf(owner)) {
      if (Object.hasOwn(owner, method)) return ownExclusiveMetadata(owner, method);
    }
    return undefined;
  }
}
