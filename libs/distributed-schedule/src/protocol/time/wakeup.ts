import { Stop, type StopSignal } from '../contract/stop.js';

/** A sleep that can be cut short, again and again. A wake-up that comes between two sleeps ends the next one. */
export class Wakeup {
  private stop = new Stop();
  private isPending = false;

  async sleep(sleepUntilWoken: (woken: StopSignal) => Promise<void>): Promise<void> {
    if (!this.isPending) {
      this.stop = new Stop();
      await sleepUntilWoken(this.stop);
    }
    this.isPending = false;
  }

  wake(): void {
    this.isPending = true;
    this.stop.abort('woken');
  }
}
