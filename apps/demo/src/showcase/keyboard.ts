import { once } from 'node:events';
import { emitKeypressEvents } from 'node:readline';
import type { Cluster } from './cluster.js';

const PAUSE_MS = 3_000;

export const KEY_HINT = 'k kill -9   p pause 3 s   r kill Redis   e empty Redis   b all back   q proof';

const FAULT_KEYS: Readonly<Record<string, (cluster: Cluster) => void | Promise<void>>> = {
  k: (cluster) => cluster.killBusiest(),
  p: (cluster) => cluster.pauseBusiest(PAUSE_MS),
  r: (cluster) => cluster.stopNode(),
  e: (cluster) => cluster.restartNode(),
  b: (cluster) => cluster.bringAllBack(),
};

interface Key {
  readonly name?: string;
  readonly ctrl?: boolean;
}

/** Does what the keys say, one after the other. Resolves at `q`; rejects when interrupted, also by Ctrl-C. */
export async function obeyKeys(cluster: Cluster, interruption: AbortController): Promise<void> {
  const { stdin } = process;
  const quit = new AbortController();
  let queue = Promise.resolve();
  const press = (_text: string | undefined, key: Key): void => {
    // The terminal is raw, so Ctrl-C is no signal but a key.
    if (key.ctrl === true && key.name === 'c') interruption.abort();
    if (key.name === 'q') quit.abort();
    const act = FAULT_KEYS[key.name ?? ''];
    if (act === undefined) return;
    queue = queue.then(() => act(cluster)).catch((error: unknown) => cluster.faults.note(String(error)));
  };
  emitKeypressEvents(stdin);
  stdin.setRawMode(true).resume().on('keypress', press);
  try {
    await once(AbortSignal.any([quit.signal, interruption.signal]), 'abort');
    interruption.signal.throwIfAborted();
    // A master that is just starting again must not be left half-way.
    await queue;
  } finally {
    stdin.off('keypress', press).setRawMode(false).pause();
  }
}
