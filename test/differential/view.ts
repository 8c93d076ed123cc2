import { counterOf, type LedgerId } from '#src/protocol/contract/ledger-id.js';
import { type NodeSet, parseStamp, SINGLE_POSITION } from '#src/protocol/contract/node-set.js';
import type { ModelSide } from './model-side.js';
import { type IdDraft, type IdsDraft, type Instant, POSITION, SETS, type SetDraft } from './operation.js';
import type { StoredState } from './step.js';

const FIRST_SET: NodeSet = { generation: 5, positions: SETS[0] ?? [], leaseTtlMs: 3_000 };

/** Seen by the one who resolves: a stored text, or what to take when there is none. */
export class View {
  readonly nowMs: number;
  private readonly state: StoredState;

  constructor(model: ModelSide) {
    this.nowMs = model.nowMs;
    this.state = model.state();
  }

  instantMs({ anchor, offsetMs }: Instant, task: string): number {
    return this.anchorMs(anchor, task) + offsetMs;
  }

  /** The set on record, or the first one in the middle of some generations. */
  set({ generationStep, members, leaseTtlMs }: SetDraft): NodeSet {
    const onRecord = parseStamp(this.stamp)?.set ?? FIRST_SET;
    return {
      // Generations start at 1.
      generation: Math.max(1, onRecord.generation + generationStep),
      positions: SETS[members ?? -1] ?? onRecord.positions,
      leaseTtlMs: leaseTtlMs ?? onRecord.leaseTtlMs,
    };
  }

  get stamp(): string {
    return this.state.get('stamp') ?? '';
  }

  get epoch(): number {
    return Number(this.state.get('epoch') ?? 0);
  }

  /** Since when the id listens. */
  get idSinceMs(): number {
    return Number(this.state.get('idSince') ?? this.nowMs);
  }

  get position(): string {
    return this.set({ generationStep: 0 }).positions.includes(POSITION) ? POSITION : SINGLE_POSITION;
  }

  id(position: string, { counterStep = 0, nonce }: IdDraft = {}): LedgerId {
    const isOwn = position === POSITION || position === SINGLE_POSITION;
    const known = this.state.get(isOwn ? 'id' : `n:${position}`) ?? `1.${position}`;
    return `${Math.max(0, counterOf(known) + counterStep)}.${nonce ?? known.split('.')[1]}`;
  }

  ids(drafts: IdsDraft): Record<string, LedgerId> {
    return Object.fromEntries(drafts.map(([position, id]) => [position, this.id(position, id)]));
  }

  deadlineMs(fromNowMs: number | undefined): number {
    return fromNowMs === undefined ? 0 : this.nowMs + fromNowMs;
  }

  claimId(task: string): string {
    const claimId = this.state.get(`t:${task}`)?.split(' ')[1] ?? '-';
    // No instance has this id: it stands for a tick that was given back.
    return claimId.startsWith('-') ? 'ann:1' : claimId;
  }

  lockValue(task: string): string {
    return this.state.get(`lock ${task}`)?.split(':').at(-1) ?? 'aa';
  }

  holder(task: string): string {
    return this.state.get(`lock ${task}`)?.split(':').slice(0, -1).join(':') ?? '';
  }

  private anchorMs(anchor: Instant['anchor'], task: string): number {
    switch (anchor) {
      case 'now':
        return this.nowMs;
      case 'newest':
        return Number(this.state.get(`t:${task}`)?.split(' ')[0] ?? this.nowMs) || this.nowMs;
      case 'window told':
        return Number(this.state.get('window')?.split(' ')[1] ?? this.nowMs);
      case 'lock end':
        return Number(this.state.get(`lock ${task} ends`) ?? this.nowMs);
      default:
        return Number(this.state.get(anchor) ?? this.nowMs);
    }
  }
}
