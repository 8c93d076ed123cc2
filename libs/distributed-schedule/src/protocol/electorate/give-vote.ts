/** Gives a new memory its vote, once enough nodes have noted its id and refuse older ones. Anybody may repeat any step. */

import { counterOf, type LedgerId } from '../contract/ledger-id.js';
import type { Note, NoteAnswer } from '../contract/node-identity.js';
import type { NodeSet } from '../contract/node-set.js';
import type { ScheduleEvent } from '../contract/observer.js';
import type { VotingNode } from '../contract/ports.js';
import { answersOf } from '../contract/voting-node.js';
import { enterNoted, type KnownNode } from './known-node.js';

/** The first round may learn of a higher counter, and the second one of a noter that has just taken one. */
const MAX_NOTE_ROUNDS = 4;

export interface GiveVoteParts {
  readonly set: NodeSet;
  readonly others: readonly VotingNode[];
  readonly known: readonly KnownNode[];
  /** Infinity: never without enough notes. */
  readonly identityWaitMs: number;
  readonly tell: (event: ScheduleEvent) => void;
  /** Whether a live instance still uses another id there. */
  readonly answeredNotes: (position: string, isInUse: boolean) => void;
}

interface Asked {
  readonly notes: readonly Note[];
  /** The highest counter that a noter has told instead of noting. */
  readonly newestCounter: number | undefined;
  readonly isInUse: boolean;
  /** A noter said no. Its reason is not silence, and waiting does not make it better. */
  readonly isRefused: boolean;
}

export async function giveVote(parts: GiveVoteParts, node: KnownNode, own: VotingNode): Promise<void> {
  for (let round = 0; round < MAX_NOTE_ROUNDS; round += 1) {
    const id = node.identity?.id;
    if (id === undefined) return;
    const asked = await askForNotes(parts, node.position, id);
    if (asked.newestCounter !== undefined) {
      const reply = await own.renumber(id, asked.newestCounter + 1);
      if (!reply.answered || reply.value === id) return;
      takeId(node, reply.value, false);
      continue;
    }
    parts.answeredNotes(node.position, asked.isInUse);
    if (!(await confirm(parts, node, own, id, asked))) return;
  }
}

/** Answers whether another round makes sense at once. */
async function confirm(
  parts: GiveVoteParts,
  node: KnownNode,
  own: VotingNode,
  id: LedgerId,
  { notes, isRefused }: Asked,
): Promise<boolean> {
  const { set, identityWaitMs, tell } = parts;
  const waitMs = isRefused || !Number.isFinite(identityWaitMs) ? undefined : identityWaitMs;
  const reply = await own.confirm({ id, notes, set, waitMs });
  if (!reply.answered) return false;
  switch (reply.value.kind) {
    case 'voting':
      takeId(node, id, true);
      tell({ type: 'identity', node: node.label, ...describeVote(parts, reply.value.isForced === true) });
      return false;
    case 'other_id':
      takeId(node, reply.value.id, false);
      return true;
    case 'void':
    case 'waiting':
      // All that were asked have noted, and yet a note does not count: its noter has taken another id meanwhile.
      return notes.length >= set.positions.length - 1;
    case 'foreign':
      return false;
    default:
      return reply.value satisfies never;
  }
}

function describeVote(
  { others, identityWaitMs }: GiveVoteParts,
  isForced: boolean,
): { readonly condition: 'forced' | 'votes'; readonly detail: string } {
  if (isForced) {
    const detail = `it votes after ${identityWaitMs} ms although too few other nodes could note its new memory`;
    return { condition: 'forced', detail };
  }
  const noted = others.length === 0 ? 'its memory is new' : 'the other nodes have noted its new memory';
  return { condition: 'votes', detail: `${noted}, and it votes` };
}

async function askForNotes(
  { set, others, known }: GiveVoteParts,
  position: string,
  id: LedgerId,
): Promise<Asked> {
  const replies = await Promise.all(others.map((other) => other.note({ position, id, set })));
  const answers = answersOf(replies);
  const notes = answers.flatMap((answer) => (answer.kind === 'noted' ? [answer.note] : []));
  for (const { noter } of notes) enterNoted(known, noter, position, id);
  const newest = answers.flatMap((answer) => (answer.kind === 'not_newer' ? [counterOf(answer.newest)] : []));
  const has = (kind: NoteAnswer['kind']): boolean => answers.some((answer) => answer.kind === kind);
  return {
    notes,
    newestCounter: newest.length === 0 ? undefined : Math.max(...newest),
    isInUse: has('in_use'),
    isRefused: has('in_use') || has('foreign'),
  };
}

function takeId(node: KnownNode, id: LedgerId, hasVote: boolean): void {
  if (node.identity !== undefined) node.identity = { ...node.identity, id, hasVote };
}
