/** Keeps the screen on while wanted: a phone that sleeps stops its camera. */
export class ScreenWakeLock {
  #wanted = false;
  #lock: WakeLockSentinel | null = null;

  constructor() {
    // The browser takes the lock back whenever the page is hidden.
    document.addEventListener("visibilitychange", () => void this.#acquire());
  }

  set(wanted: boolean): void {
    this.#wanted = wanted;
    if (wanted) {
      void this.#acquire();
    } else {
      void this.#lock?.release();
      this.#lock = null;
    }
  }

  async #acquire(): Promise<void> {
    if (!this.#wanted || document.visibilityState !== "visible") return;
    if (this.#lock && !this.#lock.released) return;
    try {
      const lock = await navigator.wakeLock?.request("screen");
      if (this.#wanted) this.#lock = lock ?? null;
      else void lock?.release();
    } catch {
      // Refused when the battery is low: the picture matters more than the screen.
    }
  }
}
