/**
 * The wall clock of child processes in the hands of a test: stepped, skewed, too fast, or standing still. Their
 * monotonic clock stays the machine's, as with a real step. Made for redis-server, whose TIME and expiry follow the
 * wall clock; libfaketime makes Debian's abort.
 *
 *     const shim = await ClockShim.build();          // undefined: no C compiler, or no LD_PRELOAD on this system
 *     const server = await startRedis({ env: shim.env() });
 *     await shim.requireEffect(() => timeOf(server));
 *     shim.step(-5_000);
 */

import { execFile } from 'node:child_process';
import { closeSync, openSync, readSync, writeFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { removeFolder, temporaryFolder } from '../leftovers.js';

const SOURCE = fileURLToPath(new URL('clock-shim.c', import.meta.url));
const COMPILERS = ['cc', 'gcc', 'clang'];
const run = promisify(execFile);

/** Where things stand in the file, in bytes: see `Control` in clock-shim.c. */
const SLOT_BYTES = 24;
const FIRST_SLOT_AT = 8;
const LOADED_AT = FIRST_SLOT_AT + 2 * SLOT_BYTES;
const CONTROL_BYTES = LOADED_AT + 8;

const FULL_RATE_PPM = 1_000_000;
/** 3 March 2033: no clock shows that by chance. */
const STRANGE_INSTANT_MS = 1_993_420_800_000;

let library: Promise<string | undefined> | undefined;

/** One clock. Processes that are started with the same `env()` share it. */
export class ClockShim {
  private readonly library: string;
  private readonly path: string;
  private readonly file: number;
  private sequence = 0n;
  private anchorRealMs = Date.now();
  private anchorShownMs = this.anchorRealMs;
  private ratePpm = FULL_RATE_PPM;

  private constructor(library: string) {
    this.library = library;
    this.path = join(temporaryFolder('clock-shim'), 'clock');
    writeFileSync(this.path, Buffer.alloc(CONTROL_BYTES));
    this.file = openSync(this.path, 'r+');
    this.write();
  }

  /** A clock that shows the real time so far. Undefined where the shim cannot be built or is not loaded. */
  static async build(): Promise<ClockShim | undefined> {
    library ??= compile();
    const path = await library;
    if (path === undefined) return undefined;
    const shim = new ClockShim(path);
    if (await shim.showsIn('date')) return shim;
    shim.close();
    return undefined;
  }

  /** The environment of a process that is to have this clock. */
  env(base: NodeJS.ProcessEnv = process.env): NodeJS.ProcessEnv {
    return { ...base, LD_PRELOAD: this.library, CLOCK_SHIM_FILE: this.path };
  }

  /** What the clock shows, epoch ms: exact while frozen, else to the millisecond. */
  nowMs(): number {
    return this.shownMs(Date.now());
  }

  /** Moves the clock, whether it runs or stands still. Effective before this returns. */
  step(byMs: number): void {
    this.anchor(this.nowMs() + byMs);
  }

  /** The clock shows this instant now, and goes on from there if it runs. */
  set(epochMs: number): void {
    this.anchor(epochMs);
  }

  /** How far the clock is ahead of the real one from here on, running at full speed. */
  setOffset(offsetMs: number): void {
    this.ratePpm = FULL_RATE_PPM;
    this.anchor(Date.now() + offsetMs);
  }

  /** 1 is a true clock, 1.001 gains a millisecond a second, 0 stands still. */
  setRate(rate: number): void {
    const nowMs = this.nowMs();
    this.ratePpm = Math.round(rate * FULL_RATE_PPM);
    this.anchor(nowMs);
  }

  /** Stands still, at an instant (epoch ms) or just past the present one. `step` and `set` still move it. */
  freeze(atMs = this.nowMs() + 1): void {
    this.ratePpm = 0;
    this.anchor(atMs);
  }

  /** Goes on from what it shows. */
  resume(): void {
    this.setRate(1);
  }

  /** Throws unless a process really shows this clock. Leaves the clock as it was. */
  async requireEffect(readMs: () => Promise<number>): Promise<void> {
    const [realMs, shownMs, ratePpm] = [this.anchorRealMs, this.anchorShownMs, this.ratePpm];
    this.freeze(STRANGE_INSTANT_MS);
    const readAtMs = await readMs();
    this.ratePpm = ratePpm;
    this.anchor(shownMs, realMs);
    if (Math.floor(readAtMs) !== STRANGE_INSTANT_MS) {
      throw new Error(
        `the clock shim has no effect: the process shows ${readAtMs}, not ${STRANGE_INSTANT_MS}`,
      );
    }
  }

  /** How many processes were started with this clock. */
  processes(): number {
    const count = Buffer.alloc(8);
    readSync(this.file, count, 0, 8, LOADED_AT);
    return Number(count.readBigUInt64LE());
  }

  /** Removes the file. Processes that have it keep their clock. */
  close(): void {
    closeSync(this.file);
    removeFolder(dirname(this.path));
  }

  private shownMs(realMs: number): number {
    return this.anchorShownMs + ((realMs - this.anchorRealMs) * this.ratePpm) / FULL_RATE_PPM;
  }

  private anchor(shownMs: number, realMs = Date.now()): void {
    this.anchorRealMs = realMs;
    this.anchorShownMs = shownMs;
    this.write();
  }

  /** First the slot that nobody reads, then the number that makes it the one to read. */
  private write(): void {
    const next = this.sequence + 1n;
    const slot = Buffer.alloc(SLOT_BYTES);
    slot.writeBigInt64LE(toUs(this.anchorRealMs), 0);
    slot.writeBigInt64LE(toUs(this.anchorShownMs), 8);
    slot.writeBigInt64LE(BigInt(this.ratePpm), 16);
    writeSync(this.file, slot, 0, SLOT_BYTES, FIRST_SLOT_AT + Number(next % 2n) * SLOT_BYTES);
    const sequence = Buffer.alloc(8);
    sequence.writeBigUInt64LE(next);
    writeSync(this.file, sequence, 0, 8, 0);
    this.sequence = next;
  }

  private async showsIn(dateProgram: string): Promise<boolean> {
    try {
      await this.requireEffect(async () => {
        const { stdout } = await run(dateProgram, ['+%s'], { env: this.env() });
        return Number(stdout) * 1_000;
      });
      return true;
    } catch {
      return false;
    }
  }
}

/** In two parts: microseconds of a far year are more than a double holds exactly. */
function toUs(ms: number): bigint {
  return BigInt(Math.floor(ms)) * 1_000n + BigInt(Math.floor((ms % 1) * 1_000));
}

async function compile(): Promise<string | undefined> {
  if (process.platform !== 'linux') return undefined;
  const output = join(temporaryFolder('clock-shim'), 'clock-shim.so');
  for (const compiler of COMPILERS) {
    try {
      await run(compiler, ['-O2', '-shared', '-fPIC', '-o', output, SOURCE, '-ldl', '-pthread']);
      return output;
    } catch {
      // Not there, or not able to: the next one.
    }
  }
  return undefined;
}
