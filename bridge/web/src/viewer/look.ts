import type { GhostLook } from "../stage/ghost_material.js";

/** Colours of the stage. Left and right are the blue and orange of Okabe and Ito's palette, which
 * every common kind of colour vision tells apart. */
export interface StageLook {
  hands: readonly [GhostLook, GhostLook];
  skeletons: readonly [string, string];
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
  floor: "#5b6b80",
  floorOpacity: 0.36,
  shadowOpacity: 0.16,
};

/** Calls back with the look of the user's theme, now and whenever the theme changes. */
export function followTheme(apply: (look: StageLook) => void): void {
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const update = () => apply(dark.matches ? DARK : LIGHT);
  dark.addEventListener("change", update);
  update();
}
