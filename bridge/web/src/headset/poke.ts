/** A button on a panel: its middle and size, metres from the panel's middle, y up. */
export interface Area {
  id: string;
  xM: number;
  yM: number;
  widthM: number;
  heightM: number;
}

/** A fingertip beside this is not at the button any more. */
const MARGIN_M = 0.008;
/** A press starts in front of the panel, at least this far, */
const FRONT_M = 0.012;
/** ends where the fingertip touches it, */
const PRESSED_M = 0.002;
/** and further behind than this it was no press. */
const BEHIND_M = 0.06;
/** Tracking that flickers at the panel presses once; nobody pokes faster. */
const REST_MS = 60;

/**
 * Tells when one fingertip pokes a button: it comes from the front, over the button, and reaches
 * the panel there. A hand that rises through a panel from below or behind presses nothing.
 */
export class Poke {
  /** The button that the fingertip is over. */
  hovered: string | null = null;
  #armed: string | null = null;
  #restUntilMs = -Infinity;

  /** Takes where the fingertip is, metres in the panel's frame (z in front); the button pressed. */
  add(nowMs: number, x: number, y: number, z: number, areas: readonly Area[]): string | null {
    const over = z > -BEHIND_M && z < 0.08 ? areaAt(areas, x, y) : null;
    this.hovered = over;
    if (over === null) this.#armed = null;
    else if (z > FRONT_M) this.#armed = over;
    if (over === null || z > PRESSED_M || this.#armed !== over || nowMs < this.#restUntilMs) {
      return null;
    }
    this.#armed = null;
    this.#restUntilMs = nowMs + REST_MS;
    return over;
  }

  /** The fingertip is not tracked. */
  leave(): void {
    this.hovered = this.#armed = null;
  }
}

function areaAt(areas: readonly Area[], x: number, y: number): string | null {
  for (const { id, xM, yM, widthM, heightM } of areas) {
    const beside = Math.max(Math.abs(x - xM) - widthM / 2, Math.abs(y - yM) - heightM / 2);
    if (beside <= MARGIN_M / 2) return id;
  }
  return null;
}

const THUMB_TIP = 5;
const INDEX_TIP = 10;
const PINCHED_M = 0.018;
const OPEN_M = 0.035;

/** Tells when thumb and index fingertip of a hand (26 * 3 joints) come together. */
export class Pinch {
  #closed = false;

  add(jointsM: ArrayLike<number>): boolean {
    const [a, b] = [THUMB_TIP * 3, INDEX_TIP * 3];
    const apartM = Math.hypot(
      jointsM[a]! - jointsM[b]!,
      jointsM[a + 1]! - jointsM[b + 1]!,
      jointsM[a + 2]! - jointsM[b + 2]!,
    );
    const was = this.#closed;
    this.#closed = apartM < (was ? OPEN_M : PINCHED_M);
    return this.#closed && !was;
  }

  /** Without a hand, or where a pinch means nothing: one that is held does not count later. */
  leave(): void {
    this.#closed = true;
  }
}
