export type PipelineReply = readonly (readonly [error: Error | null, value: unknown])[];

/** What is used of an ioredis client, whichever version or copy it comes from. */
export interface StrictClient {
  readonly status: string;
  /** The socket of a single connection; a Cluster has several and does not show them. */
  readonly stream?: {
    destroy(): void;
    cork?(): void;
    uncork?(): void;
    once?(event: 'data', listener: (bytes: unknown) => void): unknown;
  } | null;
  /** ioredis 6 says here which protocol it has negotiated; ioredis 5 speaks 2 only. */
  readonly condition?: { readonly protocol?: number } | null;
  select(database: number): Promise<unknown>;
  auth(...userAndPassword: readonly string[]): Promise<unknown>;
  call(command: string, ...args: readonly string[]): Promise<unknown>;
  evalsha(sha1: string, keyCount: number, keysAndArgs: readonly string[]): Promise<unknown>;
  eval(text: string, keyCount: number, keysAndArgs: readonly string[]): Promise<unknown>;
  pipeline(commands: readonly (readonly unknown[])[]): { exec(): Promise<PipelineReply | null> };
  subscribe(channel: string): Promise<unknown>;
  connect(): Promise<void>;
  disconnect(reconnect?: boolean): void;
  on(event: string, listener: (...args: never[]) => void): unknown;
}

/** Drops the socket, with whatever is queued in it, and lets the client connect anew. */
export function dropSocket(client: StrictClient): void {
  if (client.stream === undefined || client.stream === null) {
    client.disconnect(true);
  } else {
    // Not `disconnect(true)`: that waits for the peer's goodbye, which a frozen server never sends.
    client.stream.destroy();
  }
}

/** Read as "not connected" by `failureCode`. */
export class UnconfirmedConnection extends Error {
  override readonly message = 'Connection is closed, or not confirmed';
}
