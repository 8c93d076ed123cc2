import { connect } from 'node:net';

/** How a new connection fares: `connected`, `silence`, or the code of its error. */
export function connectOutcome(port: number, host = '127.0.0.1', withinMs = 1_000): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, host);
    const end = (outcome: string): void => {
      socket.destroy();
      resolve(outcome);
    };
    socket.setTimeout(withinMs, () => end('silence'));
    socket.on('connect', () => end('connected'));
    socket.on('error', (error: NodeJS.ErrnoException) => end(error.code ?? error.message));
  });
}
