import type { ScheduleEvent, ScheduleObserver } from '../contract/observer.js';

/** Tells every observer. One that throws or rejects must not stop the others, a tick, or this process. */
export class ObserverFanout implements ScheduleObserver {
  private observers: readonly ScheduleObserver[];

  constructor(observers: readonly ScheduleObserver[] = []) {
    this.observers = [...observers];
  }

  /** Adding an observer that is there already changes nothing. */
  add(observer: ScheduleObserver): void {
    if (!this.observers.includes(observer)) this.observers = [...this.observers, observer];
  }

  remove(observer: ScheduleObserver): void {
    this.observers = this.observers.filter((other) => other !== observer);
  }

  observe(event: ScheduleEvent): void {
    // The list is replaced and never changed, so an observer may remove itself from here.
    for (const observer of this.observers) {
      tell(observer, event, (error) => this.tellTheOthers(observer, error));
    }
  }

  private tellTheOthers(culprit: ScheduleObserver, error: unknown): void {
    for (const observer of this.observers) {
      if (observer === culprit) continue;
      // An observer that cannot even take an error has nobody left to tell.
      tell(observer, { type: 'error', error, where: 'observer' }, () => undefined);
    }
  }
}

function tell(observer: ScheduleObserver, event: ScheduleEvent, onFailure: (error: unknown) => void): void {
  try {
    // Nothing by its type, but an async method is one too, and a rejection that nobody takes ends the process.
    const result: unknown = observer.observe(event);
    if (isThenable(result)) void Promise.resolve(result).catch(onFailure);
  } catch (error) {
    onFailure(error);
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value;
}
