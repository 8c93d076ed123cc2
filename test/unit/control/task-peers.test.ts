import { describe, expect, it } from 'vitest';
import { runsTask } from '#src/control/task-peers.js';

describe('whether another instance runs a task', () => {
  const identities = new Map([
    ['same', { app: 'shop', version: 'v1' }],
    ['without', { app: 'shop', version: 'v2' }],
    ['new', { app: 'shop', version: 'v3' }],
    ['other', { app: 'billing', version: 'v1' }],
  ]);
  const versions = new Map([
    ['v1', ['report']],
    ['v2', ['sweep']],
  ]);
  const runs = runsTask('shop', {
    notices: { identityOf: (id) => identities.get(id) },
    sets: { runs: (version, task) => versions.get(version)?.includes(task) },
    room: { get: (key) => (key === 'task:added' ? '{}' : undefined) },
  });

  it('is told by its app and by what its version defines', () => {
    expect(['same', 'without', 'other'].map((id) => runs(id, 'report'))).toEqual([true, false, false]);
  });

  it('is supposed of one that has told nothing yet, and of a version that was not heard of', () => {
    expect(['stranger', 'new'].map((id) => runs(id, 'report'))).toEqual([true, true]);
  });

  it('is supposed of all instances of the app for a task that was added', () => {
    expect(['same', 'without', 'other'].map((id) => runs(id, 'added'))).toEqual([true, true, false]);
  });
});
