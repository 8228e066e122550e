import { byId, el } from "../ui/dom.js";
import {
  BRIDGE_GONE,
  type Device,
  NO_WEBGL,
  NO_WEBRTC,
  NO_WEBXR,
  type Problem,
  UNTRUSTED_SOCKET,
  WEBRTC_FAILED,
  cameraProblem,
  deviceOf,
  needsToken,
  notSecure,
  permissionRefused,
  roomFull,
} from "../ui/problems.js";

/** What the help lists, the most frequent first, in the words of the pages themselves. */
export function helpProblems(room: string, device: Device, place: Parameters<typeof notSecure>[0]): Problem[] {
  return [
    permissionRefused("camera", device),
    cameraProblem({ name: "NotReadableError", message: "" }, device),
    BRIDGE_GONE,
    WEBRTC_FAILED,
    needsToken(room),
    roomFull(room, "device"),
    notSecure(place),
    UNTRUSTED_SOCKET,
    NO_WEBRTC,
    NO_WEBGL,
    NO_WEBXR,
  ];
}

/** Fills the page's help, and opens the part that the address names after `#`. */
export function prepareHelp(room: string): void {
  const device = deviceOf(navigator);
  byId("problems").replaceChildren(
    ...helpProblems(room, device, location).map(({ title, text, next }) =>
      el(
        "details",
        {},
        el("summary", {}, title),
        el("p", { class: "soft" }, text),
        el("p", {}, next),
      ),
    ),
  );
  const mine = { ios: "certificate-ios", android: "certificate-android", desktop: "" }[device];
  if (mine) byId(mine, HTMLDetailsElement).open = true;
  addEventListener("hashchange", openNamed);
  openNamed();
}

/** Opens what `#certificate-android` and the like name. */
function openNamed(): void {
  const named = document.getElementById(location.hash.slice(1));
  if (named instanceof HTMLDetailsElement) named.open = true;
  named?.scrollIntoView();
}
