import type { NodeReply } from '../protocol/ports.js';

/** One node's word on one lock, or why there is none. */
export type LockReply =
  | { readonly word: 'acquired' | 'extended' | 'released' | 'absent' | 'lost' | 'quarantined' | 'too_late' }
  /** `freeInMs` where the holder seems to be gone. */
  | { readonly word: 'held'; readonly holder?: string; readonly freeInMs?: number }
  | { readonly word: 'silent'; readonly reason: string };

/** The word on one lock of a message. The codes stand above the scripts in lock-scripts.ts. */
export function replyAt(reply: NodeReply<readonly unknown[]>, index: number): LockReply {
  if (!reply.answered) {
    return { word: 'silent', reason: reply.reason };
  }
  const [word, rest] = splitOnce(String(reply.value[index] ?? ''));
  switch (word) {
    case 'acquired':
    case 'extended':
    case 'released':
    case 'absent':
    case 'lost':
    case 'quarantined':
    case 'too_late':
      return { word };
    case 'held':
      return rest === '' ? { word } : { word, holder: rest };
    case 'dying': {
      const [freeInMs, holder] = splitOnce(rest);
      return { word: 'held', holder, freeInMs: Number(freeInMs) };
    }
    default:
      return { word: 'silent', reason: 'malformed reply' };
  }
}

/** Only the first space separates: an instance id may contain more. */
function splitOnce(text: string): readonly [word: string, rest: string] {
  const space = text.indexOf(' ');
  return space === -1 ? [text, ''] : [text.slice(0, space), text.slice(space + 1)];
}
