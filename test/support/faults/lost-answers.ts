/**
 * A way to a node on which the answer to a certain command is lost: the server has acted on it, the answer is dropped, and then
 * the connection is reset. In the test's own process.
 */

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** Asked of the server behind the command: when its answer passes, the server has acted on everything before it. */
const MARKER = 'everything-before-this-is-done';
const MARK = `*2\r\n$4\r\nECHO\r\n$${MARKER.length}\r\n${MARKER}\r\n`;

export class LostAnswers {
  readonly url: string;
  /** How many answers were lost so far. */
  lost = 0;
  private word: string | undefined;
  private left = 0;
  private readonly sockets = new Set<Socket>();

  private constructor(
    private readonly server: Server,
    private readonly targetPort: number,
  ) {
    this.url = `redis://127.0.0.1:${(server.address() as AddressInfo).port}`;
    server.on('connection', (near) => this.accept(near));
  }

  static async open(targetPort: number): Promise<LostAnswers> {
    const server = createServer({ noDelay: true });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new LostAnswers(server, targetPort);
  }

  /** Loses the answer to the n-th command from now on that contains `word`, such as the SHA-1 of a script. */
  loseAnswerTo(word: string, nth = 1): void {
    this.word = word;
    this.left = nth;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
    await once(this.server, 'close');
  }

  private accept(near: Socket): void {
    const far = connect({ port: this.targetPort, host: '127.0.0.1', noDelay: true });
    // Undefined as long as answers pass.
    let dropped: string | undefined;
    near.on('data', (bytes: Buffer) => {
      far.write(bytes);
      if (dropped !== undefined || !this.isWanted(bytes)) return;
      dropped = '';
      // Commands of a few tasks fit into one segment, so this is the end of one.
      far.write(MARK);
    });
    far.on('data', (bytes: Buffer) => {
      if (dropped === undefined) {
        near.write(bytes);
        return;
      }
      dropped += bytes.toString('latin1');
      if (!dropped.includes(MARKER)) return;
      this.lost += 1;
      near.resetAndDestroy();
      far.destroy();
    });
    for (const [socket, other] of [
      [near, far],
      [far, near],
    ] as const) {
      this.sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => {
        this.sockets.delete(socket);
        other.destroy();
      });
    }
  }

  private isWanted(bytes: Buffer): boolean {
    if (this.word === undefined || !bytes.includes(this.word)) return false;
    this.left -= 1;
    if (this.left > 0) return false;
    this.word = undefined;
    return true;
  }
}
