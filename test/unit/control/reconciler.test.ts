import { describe, expect, it } from 'vitest';
import { ControlReconciler } from '#src/control/control.reconciler.js';
import type { ControlPlan } from '#src/control/control-plan.js';
import type { PlannedTask } from '#src/control/planned-task.js';
import type { ScheduleEvent } from '#src/protocol/contract/observer.js';
import { EVERY_SECOND, taskOf } from '../../support/tasks.js';

/** A scheduler whose calls fail while they are told to, and what it was asked. */
function reconciling() {
  const failing = new Set<string>();
  const calls: string[] = [];
  const events: ScheduleEvent[] = [];
  let planned: readonly string[] = ['report'];
  const task = taskOf(() => undefined);
  const planOf = (name: string): PlannedTask => ({
    name,
    source: 'code',
    state: 'active',
    task: { ...task, name },
    base: EVERY_SECOND,
    signature: 'one',
    conditions: new Map(),
  });
  const plan = {
    names: () => new Set(planned),
    decisions: () => undefined,
    taskOf: (name: string) => (planned.includes(name) ? planOf(name) : undefined),
    tidy: () => undefined,
  } as unknown as ControlPlan;
  const call = (what: string) => (subject: { readonly name: string } | string) => {
    const name = typeof subject === 'string' ? subject : subject.name;
    calls.push(`${what} ${name}`);
    if (failing.has(what)) throw new Error(`no ${what}`);
  };
  const reconciler = new ControlReconciler(
    plan,
    { add: call('add'), replace: call('replace'), remove: call('remove') },
    { observe: (event) => events.push(event) },
  );
  const plans = (...names: readonly string[]): void => {
    planned = names;
  };
  return { reconciler, failing, calls, events, plans };
}

describe('a task that the scheduler cannot take', () => {
  it('is tried again with the next look, and told once', () => {
    const { reconciler, failing, calls, events } = reconciling();
    failing.add('add');
    reconciler.reconcile();
    reconciler.reconcile();
    expect(calls).toEqual(['add report', 'add report']);
    expect(events).toMatchObject([{ type: 'error', where: "control: task 'report'" }]);
    failing.clear();
    reconciler.reconcile();
    reconciler.reconcile();
    expect(calls.slice(2)).toEqual(['add report', 'replace report']);
  });

  it('is not added twice where only what follows has failed', () => {
    const { reconciler, failing, calls, plans } = reconciling();
    failing.add('replace');
    reconciler.reconcile();
    failing.clear();
    reconciler.reconcile();
    expect(calls).toEqual(['add report', 'replace report', 'replace report']);
    plans();
    reconciler.reconcile();
    expect(calls.at(-1)).toBe('remove report');
  });
});
