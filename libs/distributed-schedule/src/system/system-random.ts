import { randomFillSync } from 'node:crypto';
import type { Random } from '../protocol/contract/ports.js';

const ID_BYTES = 16;
const NUMBER_BYTES = 4;

/** Each draw costs as much as hundreds of ids: many are drawn at once. */
const DRAWN_BYTES = 4_096;

/** The operating system's cryptographic source. No byte is used twice. */
export class SystemRandom implements Random {
  private readonly drawn = Buffer.alloc(DRAWN_BYTES);
  private usedBytes = DRAWN_BYTES;

  next(): number {
    return this.drawn.readUInt32BE(this.take(NUMBER_BYTES)) / 2 ** 32;
  }

  id(): string {
    const start = this.take(ID_BYTES);
    return this.drawn.toString('hex', start, start + ID_BYTES);
  }

  /** Where so many unused bytes begin. */
  private take(bytes: number): number {
    if (this.usedBytes + bytes > DRAWN_BYTES) {
      randomFillSync(this.drawn);
      this.usedBytes = 0;
    }
    const start = this.usedBytes;
    this.usedBytes += bytes;
    return start;
  }
}
