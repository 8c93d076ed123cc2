// biome-ignore-all lint/suspicious/noTemplateCurlyInString: these are pieces of source text.

/** Breakages of what names a server: ids, notes and votes. With names that move, a tick may then start twice, or never again. */

import { ELECTORATE_TESTS, LEDGER, type Mutant, REFUSAL } from './mutant.js';

const IDENTITY = 'memory/memory-identity.ts';
const MEMORY = 'memory/ledger-memory.ts';
const NOTE_COUNT = 'memory/note-count.ts';
const ELECTORATE = 'protocol/electorate/electorate.ts';
const BOOK = 'protocol/electorate/node-book.ts';

const CLAIMS: readonly Mutant[] = [
  {
    name: 'no identity: claims name no servers',
    profiles: ['identity'],
    file: LEDGER,
    find: "if (ids !== undefined) return { ...all('renamed'), ids };\n    if (memory.vote !== position) return all('unconfirmed');",
    replace: '',
  },
  {
    name: 'a node does not compare its own id',
    profiles: ['identity'],
    file: REFUSAL,
    find: 'if (ids[position] !== id) newer[position] = id;',
    replace: '',
  },
  {
    name: 'older ids of other positions are let through',
    profiles: ['identity'],
    file: REFUSAL,
    find: 'if (other !== position && known !== undefined && isOutrankedBy(named, known)) newer[other] = known;',
    replace: 'if (named === known) continue;',
  },
  {
    name: 'an id without a vote grants',
    profiles: ['identity'],
    file: LEDGER,
    find: "if (memory.vote !== position) return all('unconfirmed');",
    replace: '',
  },
  {
    name: 'a new memory keeps its vote',
    profiles: ['identity'],
    file: MEMORY,
    find: 'vote: undefined,\n    stamp:',
    replace: 'vote: memory?.vote,\n    stamp:',
  },
  {
    name: 'a copied memory keeps its id',
    profiles: ['identity'],
    file: MEMORY,
    find: "id: `${counterOf(memory?.id ?? '') + 1}.${nonce}`,",
    replace: "id: memory?.id ?? `${counterOf('') + 1}.${nonce}`,",
  },
];

const NOTES: readonly Mutant[] = [
  {
    name: 'no note is needed for a vote',
    profiles: ['identity'],
    file: NOTE_COUNT,
    find: 'return voting >= notesNeeded(set) || have >= set.positions.length - 1;',
    replace: 'return voting >= 0 * notesNeeded(set) || have >= set.positions.length - 1;',
  },
  {
    name: 'one note fewer is enough',
    profiles: ['identity'],
    file: NOTE_COUNT,
    find: 'return voting >= notesNeeded(set) || have >= set.positions.length - 1;',
    replace: 'return voting >= notesNeeded(set) - 1 || have >= set.positions.length - 1;',
  },
  {
    name: 'a note is made while the old id is in use',
    profiles: ['identity'],
    file: IDENTITY,
    find: "if (by !== undefined) return { kind: 'in_use', by };",
    replace: "if (by === '') return { kind: 'in_use', by };",
  },
  {
    name: 'an id that is not newer is noted',
    profiles: ['identity'],
    file: IDENTITY,
    find: "if (known !== undefined && isOutrankedBy(request.id, known)) return { kind: 'not_newer', newest: known };",
    replace:
      "if (known === '' && isOutrankedBy(request.id, known)) return { kind: 'not_newer', newest: known };",
  },
  {
    name: 'notes raise no floor',
    profiles: ['identity'],
    file: IDENTITY,
    find: 'if (notes.length > 0) memory.floor = Math.max(memory.floor, latestMs + EARLY_MS + MARGIN_MS);',
    replace: 'if (latestMs < 0) memory.floor = Math.max(memory.floor, EARLY_MS + MARGIN_MS);',
  },
  {
    name: 'the ids in notes are not taken over',
    profiles: ['identity'],
    file: IDENTITY,
    find: 'for (const [other, known] of newest) if (other !== position) memory.noted.set(other, known.id);',
    replace: '',
  },
];

const ANOTHER = 'return memory.vote !== position || refusedIds(ids, position, memory) !== undefined;';

const LOCKS: readonly Mutant[] = [
  {
    name: 'a lock counts at whatever memory answers',
    profiles: ['leases'],
    file: 'memory/memory-lock-table.ts',
    find: ANOTHER,
    replace: 'return memory.id === position;',
  },
  {
    name: 'a lock counts at a memory without a vote',
    profiles: ['leases'],
    file: 'memory/memory-lock-table.ts',
    find: ANOTHER,
    replace: 'return refusedIds(ids, position, memory) !== undefined;',
  },
  {
    name: 'a lock is renewed by nodes that know a newer memory elsewhere',
    profiles: ['leases'],
    file: 'memory/memory-lock-table.ts',
    find: ANOTHER,
    replace: 'return memory.vote !== position || ids[position] !== memory.id;',
  },
  {
    name: 'a vote begins no quarantine of locks',
    profiles: ['leases'],
    file: IDENTITY,
    find: 'memory.sinceMs = nowMs;',
    replace: '',
  },
];

const INSTANCES: readonly Mutant[] = [
  {
    name: 'nobody connects anew to a wrong server',
    profiles: ['identity'],
    tests: [ELECTORATE_TESTS],
    file: BOOK,
    find: "if (this.wrong.see(position, trouble, nowMs) === 'reconnect') {",
    replace: "if (this.wrong.see(position, trouble, nowMs) === 'reconnect' && nowMs < 0) {",
  },
  {
    name: 'an id that the others have replaced is never given up',
    profiles: ['identity'],
    file: 'protocol/electorate/wrong-servers.ts',
    find: 'nowMs >= trouble.sinceMs + GIVE_UP_ID_MS;',
    replace: 'nowMs >= trouble.sinceMs + GIVE_UP_ID_MS * 1_000;',
  },
  {
    name: 'a refused counter is not outbid',
    profiles: ['identity'],
    file: 'protocol/electorate/give-vote.ts',
    find: 'const reply = await own.renumber(id, asked.newestCounter + 1);',
    replace: 'const reply = await own.renumber(id, 0 * asked.newestCounter);',
  },
  {
    name: 'a beat names ids that have not answered',
    profiles: ['identity'],
    tests: [ELECTORATE_TESTS],
    file: BOOK,
    find: "node.answersNow && ['votes', 'superseded'].includes(this.standingOf(node))",
    replace: "node.position !== '' || ['votes', 'superseded'].includes(this.standingOf(node))",
  },
  {
    name: 'another server is heard of ticks',
    profiles: ['identity'],
    file: ELECTORATE,
    find: "return node !== undefined && this.book.standingOf(node) === 'votes';",
    replace: 'return node !== undefined;',
  },
];

export const IDENTITY_MUTANTS: readonly Mutant[] = [...CLAIMS, ...NOTES, ...LOCKS, ...INSTANCES];
