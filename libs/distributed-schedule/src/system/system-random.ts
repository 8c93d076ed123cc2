import { randomBytes } from 'node:crypto';
import type { Random } from '../protocol/contract/ports.js';

export class SystemRandom implements Random {
  next(): number {
    return randomBytes(4).readUInt32BE() / 2 ** 32;
  }

  id(): string {
    return randomBytes(16).toString('hex');
  }
}
