/** A sleep that can be cut short, again and again. A wake-up that comes between two sleeps ends the next one. */
export class Wakeup {
  private controller = new AbortController();
  private isPending = false;

  async sleep(sleepUntilWoken: (woken: AbortSignal) => Promise<void>): Promise<void> {
    if (!this.isPending) {
      this.controller = new AbortController();
      await sleepUntilWoken(this.controller.signal);
    }
    this.isPending = false;
  }

  wake(): void {
    this.isPending = true;
    // A reason of its own: the default one is an exception with a stack, made for every wake-up.
    this.controller.abort('woken');
  }
}
