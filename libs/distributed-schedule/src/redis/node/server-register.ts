/**
 * Which server each node turned out to be, by run id. One master under two addresses must not have two votes, and
 * addresses alone cannot tell: only the servers themselves can.
 */
export class ServerRegister {
  private readonly runIds = new Map<number, string>();

  /**
   * Notes what a node's handshake has shown.
   * @returns the index of another node that stands for this server already; the caller then must not vote
   */
  register(node: number, runId: string): number | undefined {
    for (const [other, otherRunId] of this.runIds) {
      if (other !== node && otherRunId === runId) {
        this.runIds.delete(node);
        return other;
      }
    }
    this.runIds.set(node, runId);
    return undefined;
  }
}
