import { type MessageOf, N_FINGERS, SIDES, type Side } from "../protocol/index.js";

/** Errors up to the first are as good as none, from the second on as bad as any. */
export const ERROR_M = [0.008, 0.04] as const;
export const ERROR_RAD = [0.12, 0.6] as const;

/** Fingers are compared over about this long: a colour that flickers is not read. */
const FINGER_MS = 300;
/** The ghost fades over about this long. */
const OVERALL_MS = 1500;
/** A score that is older says nothing any more. */
export const STALE_MS = 1500;

/** Opacity of a ghost that is followed closely, and of one that is not. */
export const GHOST_OPACITY = [0.25, 1] as const;

/**
 * Colours from near to far. Their lightness falls all the way, so they are told apart in grey, and
 * by every kind of colour vision: pale blue, orchid, deep magenta.
 */
export const FINGER_COLORS = ["#e4f3ff", "#f07cc4", "#b1005d"] as const;
const STOPS = FINGER_COLORS.map((hex) =>
  [1, 3, 5].map((at) => Number.parseInt(hex.slice(at, at + 2), 16) / 255),
);

/** How near a finger is to the teacher's, 1 to 0; null where there is nothing to compare. */
export function closeness(errorM: number, errorRad: number, confidence: number): number | null {
  if (!(confidence > 0)) return null;
  const part = (value: number, [good, bad]: readonly [number, number]) =>
    Math.min(1, Math.max(0, (bad - value) / (bad - good)));
  return Math.min(part(errorM, ERROR_M), part(errorRad, ERROR_RAD));
}

/** Writes the colour (sRGB, 0 to 1) of a closeness. */
export function fingerColor(close: number, out: number[]): void {
  const far = (1 - Math.min(1, Math.max(0, close))) * (STOPS.length - 1);
  const stop = Math.min(STOPS.length - 2, Math.floor(far));
  for (let channel = 0; channel < 3; channel++) {
    const from = STOPS[stop]![channel]!;
    out[channel] = from + (far - stop) * (STOPS[stop + 1]![channel]! - from);
  }
}

/** The learner's live feedback: scores, settled so that they can be read. */
export class Feedback {
  /** Closeness of each finger of each hand, thumb to little; -1 where it is not known. */
  readonly fingers: Record<Side, Float64Array> = { 0: unknown(), 1: unknown() };
  /** Closeness of the hands as a whole; null where it is not known. */
  overall: number | null = null;
  /** 0 to 100 where the bridge gives such a number. */
  score: number | null = null;
  #target: Record<Side, Float64Array> = { 0: unknown(), 1: unknown() };
  #overallTarget = -1;
  #heardMs = -Infinity;

  /** Takes a score that came now. */
  take({ hands, score }: MessageOf<"score">, nowMs: number): void {
    this.#heardMs = nowMs;
    this.score = score;
    let sum = 0;
    let count = 0;
    for (const side of SIDES) {
      const scored = hands.find((hand) => hand.side === side);
      for (let finger = 0; finger < N_FINGERS; finger++) {
        const close = scored
          ? closeness(
              scored.error_m[finger]!,
              scored.error_rad[finger]!,
              scored.confidence[finger]!,
            )
          : null;
        this.#target[side][finger] = close ?? -1;
        if (close === null) continue;
        sum += close;
        count++;
      }
    }
    this.#overallTarget = score !== null ? score / 100 : count ? sum / count : -1;
  }

  /** Lets time pass. */
  advance(nowMs: number, elapsedMs: number): void {
    const stale = nowMs - this.#heardMs > STALE_MS;
    if (stale) this.score = null;
    const step = 1 - Math.exp(-elapsedMs / FINGER_MS);
    for (const side of SIDES) {
      const shown = this.fingers[side];
      for (let finger = 0; finger < N_FINGERS; finger++) {
        const target = stale ? -1 : this.#target[side][finger]!;
        const now = shown[finger]!;
        shown[finger] = target < 0 || now < 0 ? target : now + step * (target - now);
      }
    }
    const target = stale ? -1 : this.#overallTarget;
    if (target < 0) this.overall = null;
    else {
      const now = this.overall ?? target;
      this.overall = now + (1 - Math.exp(-elapsedMs / OVERALL_MS)) * (target - now);
    }
  }

  /** How opaque the ghost should be: it steps back as the learner comes near. */
  ghostOpacity(): number {
    const [followed, alone] = GHOST_OPACITY;
    return alone + (this.overall ?? 0) * (followed - alone);
  }

  /** The finger that is furthest off, null where none is known. */
  worst(): { side: Side; finger: number; closeness: number } | null {
    let worst: { side: Side; finger: number; closeness: number } | null = null;
    for (const side of SIDES) {
      for (let finger = 0; finger < N_FINGERS; finger++) {
        const close = this.fingers[side][finger]!;
        if (close >= 0 && (!worst || close < worst.closeness)) {
          worst = { side, finger, closeness: close };
        }
      }
    }
    return worst;
  }
}

function unknown(): Float64Array {
  return new Float64Array(N_FINGERS).fill(-1);
}
