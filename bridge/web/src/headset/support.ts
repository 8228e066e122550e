import { NO_WEBXR, type Problem, XR_REFUSED, notSecure } from "../ui/problems.js";

/** How one can enter, or why not. */
export type Support =
  { kind: "ready"; mode: "immersive-ar" | "immersive-vr" } | { kind: "none"; problem: Problem };

/** The parts of the browser that are asked. */
export interface XrPlaces {
  isSecureContext: boolean;
  xr: Pick<XRSystem, "isSessionSupported"> | undefined;
  location: Pick<Location, "host" | "pathname" | "search">;
}

export const NO_HEADSET: Problem = {
  title: "No headset answers",
  text: "This browser knows WebXR, but no headset is connected or switched on.",
  next: "Open this address in the headset’s own browser, or connect a headset and press Look again.",
};

export const NO_HANDS: Problem = {
  title: "This headset does not track hands here",
  text: "The ghost hands can be watched, but yours cannot be followed.",
  next: "Switch hand tracking on in the headset’s settings (on a Quest: Settings, Movement tracking), put the controllers down, and enter again.",
};

const NOT_OFFERED: Problem = {
  title: "The headset lacks what this page needs",
  text: "It offers no view that knows where the floor is.",
  next: "Set up the room boundary in the headset’s settings, then press Enter again.",
};

const FAILED: Problem = {
  title: "The headset did not start",
  text: "",
  next: "Close other virtual reality pages and apps, then press Enter again.",
};

/** Passthrough where there is, else a virtual room, else why not. */
export async function headsetSupport({
  isSecureContext,
  xr,
  location,
}: XrPlaces): Promise<Support> {
  if (!isSecureContext) return { kind: "none", problem: notSecure(location) };
  if (!xr) return { kind: "none", problem: NO_WEBXR };
  for (const mode of ["immersive-ar", "immersive-vr"] as const) {
    try {
      if (await xr.isSessionSupported(mode)) return { kind: "ready", mode };
    } catch {
      // A policy forbids it: as good as not there.
    }
  }
  return { kind: "none", problem: NO_HEADSET };
}

/** What asks for a session: hands and anchors where there are, the floor in any case. */
export const SESSION_OPTIONS: XRSessionInit = {
  requiredFeatures: ["local-floor"],
  optionalFeatures: ["hand-tracking", "anchors"],
};

/** Why a session did not begin (WebXR, "requestSession"). */
export function enterProblem(error: unknown): Problem {
  const { name = "Error", message = "" } = (error ?? {}) as Partial<Error>;
  if (name === "NotAllowedError" || name === "SecurityError") {
    return { ...XR_REFUSED, next: XR_REFUSED.next.replace("press Start", "press Enter") };
  }
  if (name === "NotSupportedError") return NOT_OFFERED;
  return { ...FAILED, text: `The browser says ${name}${message ? `: ${message}` : ""}.` };
}
