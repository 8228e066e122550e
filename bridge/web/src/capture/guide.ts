/** How to place a device, from what the bridge sees in its picture. No DOM; time is passed in. */

import type { SeenHand, Sight } from "./sight.js";

/** What is said; `tone` colours it, the words say it. */
export interface Advice {
  id: string;
  text: string;
  tone: "good" | "warn" | "off";
}

/** Below the first the picture is too dark; above the second it is light enough again (0 to 1). */
const DARK = { below: 0.13, above: 0.17 };
/** Size of a hand, wrist to middle knuckle, in longer picture sides. */
const SMALL = { below: 0.035, above: 0.042 };
const LARGE = { above: 0.24, below: 0.22 };
/** Keypoints nearer to the edge than this are cut off, or will be. */
const EDGE = { inside: 0.002, clear: 0.02 };
/** Cameras whose directions differ by less tell hardly more than one, degrees. */
const SAME_SIDE = { below: 18, above: 24 };
/** No word from the bridge for so long: it sees nothing. */
const SILENT_MS = 2000;
/** An advice is given once it has held for so long, and stays for at least so long. */
const SETTLE_MS = 600;
const STAY_MS = 1500;
/** Hands that were there are missed only after a while: people lift them. */
const GONE_MS = 2500;

const EDGES = ["left", "right", "top", "bottom"] as const;
const WRIST = 0;
const MIDDLE_KNUCKLE = 9;

/** What the guide knows at one moment. */
export interface Scene {
  nowMs: number;
  /** The newest word from the bridge, and when it came. */
  sight: Sight | null;
  sightMs: number;
  /** Mean luminance of the preview, 0 to 1; null while not known. */
  light: number | null;
}

/** Chooses one advice and keeps it steady. */
export class FramingGuide {
  #seenMs: number | null = null;
  #on = new Set<string>();
  #shown: Advice = WAITING;
  #shownMs = -Infinity;
  #next: Advice = WAITING;
  #nextMs = 0;

  /** What to say now. */
  step(scene: Scene): Advice {
    const advice = this.#judge(scene);
    if (advice.id !== this.#next.id) this.#nextMs = scene.nowMs;
    this.#next = advice;
    if (
      advice.id === this.#shown.id ||
      (scene.nowMs - this.#nextMs >= SETTLE_MS && scene.nowMs - this.#shownMs >= STAY_MS)
    ) {
      if (advice.id !== this.#shown.id) this.#shownMs = scene.nowMs;
      this.#shown = advice;
    }
    return this.#shown;
  }

  #judge({ nowMs, sight, sightMs, light }: Scene): Advice {
    if (!sight || nowMs - sightMs > SILENT_MS) return WAITING;
    const { hands } = sight;
    if (hands.length > 0) this.#seenMs = nowMs;
    const dark = light !== null && this.#sticky("dark", light < DARK.below, light < DARK.above);
    if (dark) return advise("dark", "Too dark: switch on a light");
    if (sight.turned) {
      return advise("turned", "The device was turned: tap the keyboard’s corners again");
    }
    if (hands.length === 0) return this.#withoutHands(nowMs);
    const cut = this.#cutEdge(hands);
    const sizes = hands.map((hand) => handSize(hand, sight));
    const largest = Math.max(...sizes);
    if (this.#sticky("large", largest > LARGE.above, largest > LARGE.below)) {
      return advise("large", "Move back: the hands fill the picture");
    }
    if (cut) return advise(`cut-${cut}`, `A hand is cut off at the ${cut}`);
    const smallest = Math.min(...sizes);
    if (this.#sticky("small", smallest < SMALL.below, smallest < SMALL.above)) {
      return advise("small", "Too small: come nearer");
    }
    const angle = sight.nearestDeg;
    const alike =
      angle !== null && this.#sticky("side", angle < SAME_SIDE.below, angle < SAME_SIDE.above);
    if (alike) return advise("side", "Both devices stand at the same side: move one");
    if (hands.length === 2) return { id: "good", text: "Good: both hands are seen", tone: "good" };
    const { side } = hands[0]!;
    return { id: `good-${side}`, text: `Good: the ${side} hand is seen`, tone: "good" };
  }

  #withoutHands(nowMs: number): Advice {
    if (this.#seenMs === null) {
      return { id: "none", text: "No hands seen yet: hold them into the picture", tone: "off" };
    }
    const gone = nowMs - this.#seenMs > GONE_MS;
    return gone ? { id: "gone", text: "No hands in the picture", tone: "off" } : this.#shown;
  }

  /** The edge at which a hand is cut off; one that was stays so until it is well clear of it. */
  #cutEdge(hands: readonly SeenHand[]): (typeof EDGES)[number] | null {
    const points = hands.flatMap((hand) => hand.points);
    const clear = [
      Math.min(...points.map(({ x }) => x)),
      1 - Math.max(...points.map(({ x }) => x)),
      Math.min(...points.map(({ y }) => y)),
      1 - Math.max(...points.map(({ y }) => y)),
    ];
    // Every edge is looked at: a sticky one that is not asked for would keep its old state.
    const cut = EDGES.filter((edge, which) =>
      this.#sticky(edge, clear[which]! < EDGE.inside, clear[which]! < EDGE.clear),
    );
    return cut.sort((a, b) => clear[EDGES.indexOf(a)]! - clear[EDGES.indexOf(b)]!)[0] ?? null;
  }

  /** Hysteresis: `enter` switches it on, and it stays on while `stay` holds. */
  #sticky(what: string, enter: boolean, stay: boolean): boolean {
    if (enter || (this.#on.has(what) && stay)) this.#on.add(what);
    else this.#on.delete(what);
    return this.#on.has(what);
  }
}

const WAITING: Advice = { id: "waiting", text: "Waiting for the bridge", tone: "off" };

function advise(id: string, text: string): Advice {
  return { id, text, tone: "warn" };
}

/** Wrist to middle knuckle in longer picture sides: it hardly changes as fingers move. */
function handSize({ points }: SeenHand, { width, height }: Sight): number {
  const wrist = points[WRIST]!;
  const knuckle = points[MIDDLE_KNUCKLE]!;
  const longer = Math.max(width, height, 1);
  return Math.hypot((knuckle.x - wrist.x) * width, (knuckle.y - wrist.y) * height) / longer;
}
