import { type Features, lockSets, lockWords, lockable, refused } from "./camera_locks.js";

/** How long a camera gets to find its exposure and focus before these are locked. */
const SETTLE_MS = 2500;

/** The toggles for one camera at a time: its lock and its light. */
export class CameraControls {
  #track: MediaStreamTrack | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;
  #wanted = true;
  #torch = false;

  constructor(
    private readonly lock: HTMLButtonElement,
    private readonly torch: HTMLButtonElement,
  ) {
    lock.addEventListener("click", () => {
      this.#wanted = !this.#wanted;
      void this.#lockNow();
    });
    torch.addEventListener("click", () => void this.#setTorch(!this.#torch));
  }

  /** Takes another camera; null for none. What it cannot do is not offered. */
  take(track: MediaStreamTrack | null): void {
    clearTimeout(this.#timer);
    this.#track = track;
    this.#torch = false;
    const can = capabilitiesOf(track);
    this.lock.hidden = lockable(can).length === 0;
    this.lock.title = `Hold ${lockWords(can)} as they are now`;
    this.torch.hidden = can.torch !== true;
    this.#show();
    // A hand that comes in or leaves would else change the light of the whole picture.
    if (!this.lock.hidden) this.#timer = setTimeout(() => void this.#lockNow(), SETTLE_MS);
  }

  async #lockNow(): Promise<void> {
    clearTimeout(this.#timer);
    this.#show();
    const track = this.#track;
    if (!track) return;
    const settings = () => track.getSettings() as Features;
    const sets = lockSets(capabilitiesOf(track), settings(), this.#wanted);
    // All in one set, as browsers look at the first one only; what a camera then did not take is
    // asked for by itself, as one mode that it cannot hold spoils a whole set.
    await apply(track, Object.assign({}, ...sets));
    for (const set of refused(sets, settings())) await apply(track, set);
  }

  async #setTorch(on: boolean): Promise<void> {
    if (!this.#track) return;
    const done = await apply(this.#track, { torch: on });
    if (done) this.#torch = on;
    this.#show();
  }

  #show(): void {
    this.lock.setAttribute("aria-pressed", `${this.#wanted}`);
    this.torch.setAttribute("aria-pressed", `${this.#torch}`);
  }
}

/** What a camera can do; Firefox tells nothing. */
function capabilitiesOf(track: MediaStreamTrack | null): Features {
  return (track?.getCapabilities?.() as Features | undefined) ?? {};
}

/**
 * Sets what the camera is to do; whether it could.
 *
 * Its size and rate are left out, and stay: Chromium takes both kinds of constraints only apart.
 */
async function apply(track: MediaStreamTrack, set: Features): Promise<boolean> {
  try {
    await track.applyConstraints({ advanced: [set as MediaTrackConstraintSet] });
    return true;
  } catch {
    return false; // Cameras claim what their drivers refuse: then it stays as it was.
  }
}
