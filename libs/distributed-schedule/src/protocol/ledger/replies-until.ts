/** Answers of several nodes, as long as later ones can change something: the slowest node is waited for only where its word counts. */

/**
 * @param asked calls that never reject
 * @param isEnough given the answers so far, by node, undefined where there is none yet; called after each answer but the last
 * @param onLate each answer that comes after it was enough
 * @returns the answers, by node; all of them unless it was enough before
 */
export function repliesUntil<T>(
  asked: readonly Promise<T>[],
  isEnough: (replies: readonly (T | undefined)[]) => boolean,
  onLate: (reply: T, node: number) => void,
): Promise<readonly (T | undefined)[]> {
  return new Promise((resolve) => {
    const replies: (T | undefined)[] = asked.map(() => undefined);
    let missing = asked.length;
    let isOver = false;
    for (const [node, answer] of asked.entries()) {
      void answer.then((reply) => {
        if (isOver) return onLate(reply, node);
        replies[node] = reply;
        missing -= 1;
        isOver = missing === 0 || isEnough(replies);
        if (isOver) resolve(replies);
      });
    }
  });
}
