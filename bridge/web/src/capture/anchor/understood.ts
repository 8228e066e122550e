/** What the bridge made of the taps, checked and in words. No DOM. */

/** The bridge's answer (docs/anchor.md). */
export interface Understood {
  instrument: string;
  whiteKeys: number;
  /** Width and depth, metres. */
  size: [number, number];
  /** Views whose taps count. */
  views: string[];
  /** How far the corners are from where the camera should see them, pixels. */
  residualPx: number;
  /** The camera from the instrument's middle, metres: to the player's right, up, to the player. */
  camera: [number, number, number];
  notes: string[];
  /** Lines of the instrument in the picture: x, y of both ends, as shares. */
  lines: [number, number, number, number][];
}

/** Reads an answer; null where it is none. */
export function readUnderstood(data: any): Understood | null {
  const numbers = (list: unknown, count: number): list is number[] =>
    Array.isArray(list) && list.length === count && list.every(Number.isFinite);
  const texts = (list: unknown): list is string[] =>
    Array.isArray(list) && list.every((text) => typeof text === "string");
  if (
    typeof data?.instrument !== "string" ||
    !Number.isFinite(data.white_keys) ||
    !numbers(data.size_m, 2) ||
    !texts(data.views) ||
    !Number.isFinite(data.reprojection_px) ||
    !numbers(data.camera_m, 3) ||
    !texts(data.notes) ||
    !Array.isArray(data.lines) ||
    !data.lines.every((line: unknown) => numbers(line, 4))
  ) {
    return null;
  }
  return {
    instrument: data.instrument,
    whiteKeys: data.white_keys,
    size: data.size_m as [number, number],
    views: data.views,
    residualPx: data.reprojection_px,
    camera: data.camera_m as [number, number, number],
    notes: data.notes,
    lines: data.lines,
  };
}

/** "A keyboard of 61 keys, 85 × 15 cm. This camera stands 1.3 m away, ..." */
export function describe(found: Understood): string {
  const [width, depth] = found.size.map((m) => Math.round(100 * m));
  const keys = /^piano-(\d+)$/.exec(found.instrument)?.[1];
  const part = /^piano-\d+:(.+)-(.+)$/.exec(found.instrument);
  const what = keys
    ? `A keyboard of ${keys} keys`
    : part
      ? `The keys ${part[1]} to ${part[2]}`
      : "A rectangle";
  const [x, y, z] = found.camera;
  const away = Math.hypot(x, y, z).toFixed(1);
  const more =
    found.views.length > 1 ? ` ${found.views.length} devices’ corners count together.` : "";
  return (
    `${what}, ${width} × ${depth} cm. This camera stands ${away} m away, ${where(x, z)}, ` +
    `${y.toFixed(1)} m above it. ` +
    `The corners fit within ${found.residualPx.toFixed(1)} pixels.${more}`
  );
}

/** The side of the instrument on which the camera stands. */
function where(x: number, z: number): string {
  if (Math.hypot(x, z) < 0.15) return "straight above";
  if (Math.abs(x) > Math.abs(z)) return x > 0 ? "on the player’s right" : "on the player’s left";
  return z > 0 ? "on the player’s side" : "across from the player";
}
