/** Which instrument a person chose, as the bridge calls it (bridge/model/anchor/instruments.py). */

/** What the form says. */
export interface Choice {
  /** `piano-88`, ..., `a4`, or `rectangle`. */
  kind: string;
  /** Only a part of a keyboard is in the picture: from its first to its last white key. */
  part: { first: string; last: string } | null;
  /** Of a rectangle, centimetres. */
  widthCm: number;
  depthCm: number;
}

const NOTE = /^([A-Ga-g])([0-8])$/;

/** The bridge's name for it, or in words what is wrong with the choice. */
export function instrumentName(choice: Choice): { name: string } | { wrong: string } {
  const { kind, part, widthCm, depthCm } = choice;
  if (kind === "rectangle") {
    const ok = [widthCm, depthCm].every((cm) => cm >= 10 && cm <= 1000);
    return ok
      ? { name: `${metres(widthCm)}x${metres(depthCm)}` }
      : { wrong: "Give the rectangle’s width and depth, 10 to 1000 cm." };
  }
  if (!part) return { name: kind };
  const [first, last] = [part.first.trim(), part.last.trim()];
  if (!NOTE.test(first) || !NOTE.test(last)) {
    const wrong = "Name white keys by letter and octave, such as C3 and B5. C4 is the middle C.";
    return { wrong };
  }
  return { name: `${kind}:${first.toUpperCase()}-${last.toUpperCase()}` };
}

function metres(cm: number): string {
  return String(Math.round(cm * 100) / 10000);
}
