/** What a device suffers from while it sends: battery, heat, network. No DOM; time is passed in. */

import type { Sent } from "./sent_stats.js";

/** What a person should know. `lower`: a lower quality would help. */
export interface Warning {
  id: "battery" | "encoder" | "camera" | "network";
  text: string;
  lower: boolean;
}

/** What the device says of itself. */
export interface DeviceState {
  nowMs: number;
  /** What is sent; null while nothing is. */
  sent: Sent | null;
  /** Pictures a second that were asked for. */
  wantedFps: number;
  /** Charge, 0 to 1, and whether it rises; null where the browser does not tell. */
  battery: { level: number; charging: boolean } | null;
}

const BATTERY_LOW = 0.2;
/** Shares of the pictures asked for: below the first for a while warns, above the second ends. */
const SLOW = { below: 0.7, above: 0.85 };
/** Trouble counts once it has lasted: the first seconds of a stream are always uneven. */
const LASTS_MS = 5000;

/** Follows a device while it sends. */
export class DeviceWatch {
  #since = new Map<string, number>();
  #warned = new Set<string>();

  /** What is wrong now, the worst first. */
  step({ nowMs, sent, wantedFps, battery }: DeviceState): Warning[] {
    const warnings: Warning[] = [];
    const add = (id: Warning["id"], text: string, lower: boolean) =>
      warnings.push({ id, text, lower });
    // Each is asked each time, or one that is not would forget since when it lasts.
    const camera = sent?.cameraFps ?? null;
    const cameraSlow = this.#lasts(
      "camera",
      nowMs,
      camera !== null && camera > 0 && camera < this.#share("camera") * wantedFps,
    );
    const source = camera !== null && camera > 0 ? Math.min(camera, wantedFps) : wantedFps;
    const busy =
      sent !== null && (sent.limit === "cpu" || sent.fps < this.#share("encoder") * source);
    const encoderSlow = this.#lasts("encoder", nowMs, busy && sent.limit !== "bandwidth");
    const network = this.#lasts("network", nowMs, sent?.limit === "bandwidth");
    if (encoderSlow && sent) {
      add(
        "encoder",
        `This device cannot keep up: it sends ${Math.round(sent.fps)} of ${Math.round(source)} ` +
          "pictures a second. It may be too hot, or busy with other apps.",
        true,
      );
    }
    if (network) {
      add("network", "The network is slow: the picture is sent smaller or less often.", true);
    }
    if (cameraSlow && camera !== null) {
      add(
        "camera",
        `The camera gives only ${Math.round(camera)} of ${wantedFps} pictures a second: ` +
          "more light helps.",
        false,
      );
    }
    if (battery && !battery.charging && battery.level <= BATTERY_LOW) {
      const percent = Math.round(100 * battery.level);
      add("battery", `Battery at ${percent} %: plug the device in.`, false);
    }
    return warnings;
  }

  #share(what: string): number {
    return this.#warned.has(what) ? SLOW.above : SLOW.below;
  }

  /** Whether something has held for long enough. */
  #lasts(what: string, nowMs: number, holds: boolean): boolean {
    if (!holds) this.#since.delete(what);
    else if (!this.#since.has(what)) this.#since.set(what, nowMs);
    const lasts = holds && nowMs - this.#since.get(what)! >= LASTS_MS;
    if (lasts) this.#warned.add(what);
    else this.#warned.delete(what);
    return lasts;
  }
}
