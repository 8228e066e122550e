/** What a camera does by itself, and how it is made to leave that. Constraints only; no DOM. */

const MODES = ["exposureMode", "focusMode", "whiteBalanceMode"] as const;

/** What is held at its present value along with a mode. */
const VALUES = {
  exposureMode: ["exposureTime", "iso", "exposureCompensation"],
  focusMode: ["focusDistance"],
  whiteBalanceMode: ["colorTemperature"],
} as const;

const WORDS = { exposureMode: "exposure", focusMode: "focus", whiteBalanceMode: "white balance" };

/** Media capabilities and settings as browsers give them, image capture's included. */
export type Features = Record<string, any>;

/** The modes that can be locked here: those that the camera can do by hand and by itself. */
export function lockable(capabilities: Features): (typeof MODES)[number][] {
  return MODES.filter((mode) => {
    const can: unknown = capabilities[mode];
    return Array.isArray(can) && can.includes("manual") && can.includes("continuous");
  });
}

/** What a person calls them: "exposure, focus and white balance"; empty where there are none. */
export function lockWords(capabilities: Features): string {
  const words = lockable(capabilities).map((mode) => WORDS[mode]);
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`;
}

/** What holds the camera as it is now, or lets it adjust by itself again: a set for each mode. */
export function lockSets(capabilities: Features, settings: Features, lock: boolean): Features[] {
  return lockable(capabilities).map((mode) => {
    if (!lock) return { [mode]: "continuous" };
    const held = VALUES[mode].filter(
      (name) => capabilities[name] !== undefined && typeof settings[name] === "number",
    );
    return { [mode]: "manual", ...Object.fromEntries(held.map((name) => [name, settings[name]])) };
  });
}

/** Those sets whose mode the camera has not taken. */
export function refused(sets: readonly Features[], settings: Features): Features[] {
  return sets.filter((set) => MODES.some((mode) => mode in set && set[mode] !== settings[mode]));
}
