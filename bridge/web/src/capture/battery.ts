/** What Chromium's browsers tell of a battery (Battery Status API); others tell nothing. */
interface BatteryManager {
  readonly level: number;
  readonly charging: boolean;
}

/** The device's battery. */
export class Battery {
  #manager: BatteryManager | null = null;

  constructor() {
    const { getBattery } = navigator as { getBattery?: () => Promise<BatteryManager> };
    // Refused by policy or not there: then nothing is said of it.
    getBattery?.call(navigator).then(
      (manager) => (this.#manager = manager),
      () => {},
    );
  }

  /** Charge, 0 to 1, and whether it rises; null where that is not told. */
  get state(): { level: number; charging: boolean } | null {
    return this.#manager && { level: this.#manager.level, charging: this.#manager.charging };
  }
}
