/** Providers with so many methods, as if somebody had written them out. */

import { Injectable, type Type } from '@nestjs/common';
import type { Ran } from '../contestant.js';

/** @param run what a method does, given its number; by default it only says that it ran */
export function providerWith(
  tasks: number,
  decorate: (index: number) => (prototype: object, method: string, descriptor: PropertyDescriptor) => void,
  ran: Ran,
  run: (index: number) => unknown = ran,
): Type {
  class Chores {}
  for (let index = 0; index < tasks; index += 1) {
    const method = `chore${index}`;
    const descriptor: PropertyDescriptor = {
      value: () => run(index),
      configurable: true,
      writable: true,
    };
    Object.defineProperty(Chores.prototype, method, descriptor);
    decorate(index)(Chores.prototype, method, descriptor);
    Object.defineProperty(Chores.prototype, method, descriptor);
  }
  Injectable()(Chores);
  return Chores;
}
