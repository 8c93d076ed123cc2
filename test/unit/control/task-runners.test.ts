import { describe, expect, it } from 'vitest';
import type { PlannedTask } from '#src/control/planned-task.js';
import { whyNobodyRuns } from '#src/control/task-peers.js';

interface Peer {
  readonly app?: string;
  readonly labels?: readonly string[];
  readonly hasTask?: boolean;
}

/** What an instance without labels answers for a task that wants `eu`, of which `peers` are seen. */
function ask(enabled: boolean, peers: Readonly<Record<string, Peer>>, runOn: readonly string[] = ['eu']) {
  const own = { protocol: { enabled }, app: 'shop', instanceId: 'own', labels: [], redis: ['redis://h'] };
  const seen = {
    notices: {
      present: () => ['own', ...Object.keys(peers)],
      labelsOf: (id: string) => peers[id]?.labels,
      identityOf: (id: string) => ({ app: peers[id]?.app ?? 'shop', version: id }),
    },
    sets: { runs: (id: string) => peers[id]?.hasTask },
    room: { get: () => undefined },
  };
  const task = { name: 'placed', task: { placement: { runOn, weight: {} } } } as unknown as PlannedTask;
  return whyNobodyRuns(own as never, seen as never)(task);
}

describe('somebody runs a task', () => {
  it('where this instance does', () => {
    expect(ask(true, {}, [])).toBeUndefined();
  });

  it('where a live instance of this app with the task and the labels is seen', () => {
    expect(ask(false, { a: { labels: ['eu'] } })).toBeUndefined();
    expect(ask(true, { a: { labels: ['us'] }, b: { labels: ['eu'], hasTask: true } })).toBeUndefined();
  });

  it.each<[string, Readonly<Record<string, Peer>>]>([
    ['alone', {}],
    ['beside another app', { a: { app: 'crm', labels: ['eu'] } }],
    ['beside one with other labels', { a: { labels: ['us'] } }],
    ['beside one that has told nothing', { a: {} }],
    ['beside a version without the task', { a: { labels: ['eu'], hasTask: false } }],
  ])('but not %s', (_where, peers) => {
    expect(ask(false, peers)).toBe(
      "this instance runs no tasks, as its option enabled is false, and it sees no other instance of app 'shop' that would run it",
    );
  });
});
