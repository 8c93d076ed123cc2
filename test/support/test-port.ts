/**
 * Below the range of outgoing connections, so that nobody takes a port by chance while a test keeps it closed, and with room for the bus of a
 * cluster, which is 10000 above. Projects that run beside each other have ranges of their own (`TEST_PORTS`, vitest.config.ts): one could take the
 * port of a server that a test of another has killed and will start again.
 */
const [FIRST_PORT = 20_000, LAST_PORT = 31_999] = (process.env.TEST_PORTS ?? '20000-31999')
  .split('-')
  .map(Number);

/** By chance: somebody may have it, and then the next one is to be tried. */
export function drawPort(): number {
  return FIRST_PORT + Math.floor(Math.random() * (LAST_PORT + 1 - FIRST_PORT));
}
