/** Where a process of a test runs: a network namespace of its own, or plainly here. */
export interface Place {
  /** At which others reach it, the test itself included. */
  readonly address: string;
  /** What stands before a command to run it there. It must become the command, not its parent. */
  readonly within: readonly string[];
}

export const HERE: Place = { address: '127.0.0.1', within: [] };

/** Program and arguments of a command that is to run in that place. */
export function commandIn(place: Place, command: string, args: readonly string[]): [string, string[]] {
  const [program = command, ...rest] = [...place.within, command, ...args];
  return [program, rest];
}
