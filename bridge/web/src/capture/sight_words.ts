/** What the bridge knows of this view, in words. */

import type { Sight } from "./sight.js";

/** The hands that are seen and how surely: "L 93 R 88 %". */
export function handsFigure({ hands }: Sight): string {
  if (hands.length === 0) return "none";
  const each = hands.map(({ side, confidence }) => {
    return `${side === "left" ? "L" : "R"} ${Math.round(100 * confidence)}`;
  });
  return `${each.join(" ")} %`;
}

/** Whether pictures carry the time at which they were taken. */
export function clockFact({ clock }: Sight): string {
  return clock
    ? "Clock: matched to the bridge’s"
    : "Clock: not known yet; pictures count from their arrival";
}

/** The other devices of the room, and how far apart pictures of one instant are. */
export function othersFact({ others, together, spreadMs }: Sight): string {
  if (others === 0) return "Other devices: none; a second one makes depth exact";
  if (together === 0) return `Other devices: ${others}, with no picture of the same instant`;
  const apart = spreadMs === null ? "" : `, ${spreadMs.toFixed(0)} ms apart`;
  return `Other devices: ${others}${together < others ? `, ${together} in time` : ""}${apart}`;
}

/** Whether it is known where this device stands among the others. */
export function camerasFact({ cameras, others, nearestDeg }: Sight): string {
  const angle = nearestDeg === null ? "" : `, ${Math.round(nearestDeg)}° from the nearest other`;
  switch (cameras) {
    case "known":
      return `Place: known from the hands${angle}`;
    case "tapped":
      return `Place: known from the tapped corners${angle}`;
    case "sought":
      return others === 0
        ? "Place: nothing to find with one device"
        : "Place: being found; keep both hands in both pictures";
    case "unknown":
      return "Place: not looked for by this bridge";
  }
}

/** Whether the room knows its instrument. */
export function instrumentFact({ instrument, tapped, turned }: Sight): string {
  if (turned) return "Keyboard: set before this device was turned";
  if (tapped) return "Keyboard: set from this device";
  return instrument ? "Keyboard: set from another device" : "Keyboard: not set";
}
