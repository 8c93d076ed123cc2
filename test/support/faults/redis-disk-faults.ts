/** A server cannot save, and therefore refuses to write (`stop-writes-on-bgsave-error`): MISCONF. */

import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RedisServer } from '../redis-server.js';
import { eventually, type Fault, faultOf } from './fault.js';
import { dumpFileOf, infoField, probe, setConfig, untilRefused, untilWritable } from './redis-probe.js';

const DISK_BYTES = 256 * 1_024;
/** A save point that no test reaches: a million changes within an hour. */
const NEVER_DUE = '3600 1000000';

/** A file system in memory that is soon full. Give it to a server: `startRedis({ args: disk.args })`. */
export class TinyDisk {
  readonly args: readonly string[];

  private constructor(readonly path: string) {
    this.args = ['--dir', path];
  }

  static unavailable(): string | undefined {
    if (process.platform !== 'linux') return 'a tiny disk needs Linux';
    if (process.getuid?.() !== 0) return 'a tiny disk needs root (mount)';
    try {
      TinyDisk.mount().unmount();
      return undefined;
    } catch (error) {
      return `a tiny disk cannot be mounted: ${String(error).split('\n')[0]}`;
    }
  }

  static mount(): TinyDisk {
    const path = mkdtempSync(join(tmpdir(), 'tiny-disk-'));
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${DISK_BYTES}`, 'tiny-disk', path], { stdio: 'pipe' });
    const disk = new TinyDisk(path);
    process.once('exit', () => disk.unmount());
    return disk;
  }

  /** After the server has stopped. */
  unmount(): void {
    if (!existsSync(this.path)) return;
    execFileSync('umount', ['--lazy', this.path], { stdio: 'pipe' });
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** ENOSPC for a server that was started on the tiny disk. */
export function diskFull(server: RedisServer, disk: TinyDisk): Fault {
  const filler = join(disk.path, 'filler');
  return unsaved(server, `disk of redis ${server.port} full`, {
    obstruct: () => {
      try {
        writeFileSync(filler, Buffer.alloc(2 * DISK_BYTES));
      } catch (error) {
        if ((error as NodeJS.ErrnoException).code === 'ENOSPC') return 'ENOSPC for the test itself';
        throw error;
      }
      throw new Error('the disk took more than its size');
    },
    clear: () => rmSync(filler, { force: true }),
  });
}

/** A folder stands where the dump file should go. No root needed, and root is no help either. */
export function dumpObstructed(server: RedisServer): Fault {
  let file = '';
  return unsaved(server, `redis ${server.port} cannot save`, {
    obstruct: async () => {
      file = await dumpFileOf(server);
      if (existsSync(file)) renameSync(file, `${file}.aside`);
      mkdirSync(join(file, 'in-the-way'), { recursive: true });
      return 'a folder stands where the dump should go';
    },
    clear: () => {
      rmSync(file, { recursive: true, force: true });
      if (existsSync(`${file}.aside`)) renameSync(`${file}.aside`, file);
    },
  });
}

interface Obstacle {
  readonly obstruct: () => string | Promise<string>;
  readonly clear: () => void;
}

function unsaved(server: RedisServer, name: string, { obstruct, clear }: Obstacle): Fault {
  return faultOf({
    name,
    strike: async () => {
      const seen = await obstruct();
      // Only a server that is meant to save refuses writes when it cannot.
      await setConfig(server, { save: NEVER_DUE, 'stop-writes-on-bgsave-error': 'yes' });
      await save(server, 'err');
      return `${seen}; BGSAVE failed; ${await untilRefused(server, 'MISCONF')}`;
    },
    heal: async () => {
      clear();
      await save(server, 'ok');
      await untilWritable(server);
      await setConfig(server, { save: '' });
    },
  });
}

async function save(server: RedisServer, status: 'ok' | 'err'): Promise<void> {
  await probe(server, (client) => client.bgsave());
  await eventually(
    `a background save ends: ${status}`,
    async () =>
      (await infoField(server, 'rdb_bgsave_in_progress')) === '0' &&
      (await infoField(server, 'rdb_last_bgsave_status')) === status,
  );
}
