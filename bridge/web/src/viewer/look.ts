import type { GhostLook } from "../stage/ghost_material.js";
import type { InstrumentLook } from "../stage/keyboard.js";

/** Colours of the stage. Left and right are the blue and orange of Okabe and Ito's palette, which
 * every common kind of colour vision tells apart. */
export interface StageLook {
  hands: readonly [GhostLook, GhostLook];
  skeletons: readonly [string, string];
  /** The learner's hands, left and right. */
  learner: readonly [string, string];
  instrument: InstrumentLook;
  floor: string;
  floorOpacity: number;
  shadowOpacity: number;
}

const DARK: StageLook = {
  hands: [
    { color: "#56b4e9", rim: "#d3eeff" },
    { color: "#e69f00", rim: "#ffe6b8" },
  ],
  skeletons: ["#e8f6ff", "#fff3dc"],
  learner: ["#a6f0d8", "#efc4ff"],
  instrument: { whiteKey: "#b9c1cd", blackKey: "#161c28", body: "#242d3d" },
  floor: "#8fa3bf",
  floorOpacity: 0.34,
  shadowOpacity: 0.45,
};

const LIGHT: StageLook = {
  hands: [
    { color: "#3fa0dc", rim: "#00507d" },
    { color: "#ee9a2c", rim: "#a34700" },
  ],
  skeletons: ["#00344f", "#4a2000"],
  learner: ["#00644c", "#6d2a91"],
  instrument: { whiteKey: "#fdfdfb", blackKey: "#2b323e", body: "#aab4c1" },
  floor: "#5b6b80",
  floorOpacity: 0.36,
  shadowOpacity: 0.16,
};

/** Calls back whenever the user's theme changes; returns what gives the look of now. */
export function followTheme(apply: (look: StageLook) => void): () => StageLook {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const look = () => (dark.matches ? DARK : LIGHT);
  dark.addEventListener("change", () => apply(look()));
  return look;
}
