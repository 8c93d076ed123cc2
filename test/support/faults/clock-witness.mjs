// Preloaded into a replica: on SIGWINCH it writes down what its clocks show. See replica-clock.ts.
// That signal, since Nest takes SIGUSR2 for a shutdown, and since it is harmless to those who do not listen.

import { renameSync, writeFileSync } from 'node:fs';

const file = process.env.CLOCK_WITNESS_FILE;
if (file !== undefined) {
  process.on('SIGWINCH', () => {
    writeFileSync(`${file}.new`, JSON.stringify({ wallMs: Date.now(), monotonicMs: performance.now() }));
    renameSync(`${file}.new`, file);
  });
}
