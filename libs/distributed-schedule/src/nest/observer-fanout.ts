import type { ScheduleEvent, ScheduleObserver } from '../protocol/observer.js';

/** Passes each event to every observer. One that throws does not keep the others, or a tick, from going on. */
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
      try {
        observer.observe(event);
      } catch (error) {
        this.tellTheOthers(observer, error);
      }
    }
  }

  private tellTheOthers(culprit: ScheduleObserver, error: unknown): void {
    for (const observer of this.observers) {
      if (observer === culprit) continue;
      try {
        observer.observe({ type: 'error', error, where: 'observer' });
      } catch {
        // An observer that cannot even take an error has nobody left to tell.
      }
    }
  }
}
