/**
 * What can go wrong on any page, in words for the person in front of it: what is the matter, and
 * what to do next. Pages take their texts from here, so that the same trouble is told the same way.
 */

/** Trouble, told to a person. */
export interface Problem {
  /** Names it in a few words, without a full stop. */
  readonly title: string;
  /** What is the matter, and why: a sentence or two. */
  readonly text: string;
  /** What to do next: an order, in a sentence or two. */
  readonly next: string;
  /** A page that helps with it. */
  readonly link?: { readonly label: string; readonly href: string };
}

/** What a person holds: how a permission is given back differs among them. */
export type Device = "ios" | "android" | "desktop";

/** The kind of device, from what its browser says of itself. */
export function deviceOf({
  userAgent,
  maxTouchPoints,
}: Pick<Navigator, "userAgent" | "maxTouchPoints">): Device {
  if (/android|quest/i.test(userAgent)) return "android";
  // An iPad calls itself a Mac; no Mac has a touch screen.
  const isApple = /iphone|ipad|ipod/i.test(userAgent);
  return isApple || (/macintosh/i.test(userAgent) && maxTouchPoints > 1) ? "ios" : "desktop";
}

/** A problem's text and its next step as one paragraph. */
export function paragraph({ text, next }: Problem): string {
  return `${text} ${next}`;
}

/** Where the lobby tells how to accept the bridge's own certificate. */
export const CERTIFICATE_HELP = { label: "How to accept the certificate", href: "/#certificate" };

const ALLOW_AGAIN: Record<Device, (what: string) => string> = {
  ios: (what) =>
    `Tap the page sign left of the address, then Website Settings, ${what}, Allow; then reload this page.`,
  android: (what) =>
    `Tap the sign left of the address, then Permissions, ${what}, Allow; then press Start again.`,
  desktop: (what) =>
    `Click the lock or ${what.toLowerCase()} sign beside the address, allow the ${what.toLowerCase()}, then press Start again.`,
};

/** The camera or microphone was refused, by the person or by the browser's settings. */
export function permissionRefused(what: "camera" | "microphone", device: Device): Problem {
  return {
    title: `The ${what} was refused`,
    text: `This page may not use the ${what}.`,
    next: ALLOW_AGAIN[device](what === "camera" ? "Camera" : "Microphone"),
  };
}

/**
 * What an error of `getUserMedia` means (Media Capture and Streams, section 10.2).
 *
 * @param error its name and message.
 * @param device what the person holds.
 */
export function cameraProblem(error: { name: string; message: string }, device: Device): Problem {
  switch (error.name) {
    case "NotAllowedError":
    case "SecurityError":
      return permissionRefused("camera", device);
    case "NotFoundError":
      return {
        title: "No camera found",
        text: "This device has no camera that the browser can use.",
        next: "Plug one in, or open this page on a phone.",
      };
    case "NotReadableError":
    case "AbortError":
      return {
        title: "The camera is busy",
        text: "Another app or tab uses it.",
        next: "Close that, then press Start again.",
      };
    case "OverconstrainedError":
      return {
        title: "This camera is gone",
        text: "The camera that was chosen is no longer there.",
        next: "Choose another camera, then press Start.",
      };
    default:
      return {
        title: "The camera does not start",
        text: `The browser says ${error.name}: ${error.message}.`,
        next: "Close other apps that use the camera, reload this page, then press Start.",
      };
  }
}

/** A camera that was in use has ended. */
export const CAMERA_STOPPED: Problem = {
  title: "The camera stopped",
  text: "It was unplugged, or another app took it.",
  next: "Press Start.",
};

/** A browser without `navigator.mediaDevices` on a secure page. */
export const NO_CAMERA_API: Problem = {
  title: "No camera in this browser",
  text: "This browser lends pages no camera. Browsers inside other apps often do not.",
  next: "Open this address in Safari, Chrome or Firefox.",
};

/** The page came over plain http from another machine: no camera, no headset there. */
export function notSecure({ host, pathname, search }: Pick<Location, "host" | "pathname" | "search">): Problem {
  return {
    title: "The page is not secure",
    text: "Browsers lend camera and headset to https pages only.",
    next: "Open the same address with https:// in front.",
    link: { label: "Open it with https", href: `https://${host}${pathname}${search}` },
  };
}

export const NO_WEBRTC: Problem = {
  title: "This browser cannot send video",
  text: "It has no WebRTC, or it is switched off.",
  next: "Open this address in Safari, Chrome or Firefox, or switch WebRTC on in its settings.",
};

/** No connection came about, or it broke: the video's, not the page's. */
export const WEBRTC_FAILED: Problem = {
  title: "The video does not reach the bridge",
  text: "No connection came about. Guest networks often keep devices apart; so do VPNs and some firewalls.",
  next: "Put this device and the bridge into the same Wi-Fi, switch a VPN off, and wait: it tries again by itself.",
};

/** Nothing answers at the bridge's address. */
export const BRIDGE_GONE: Problem = {
  title: "The bridge does not answer",
  text: "It was stopped, or this device left its network.",
  next: "Look at the terminal in which ghosthands serve runs, and at this device’s Wi-Fi. The page goes on by itself.",
};

/** The bridge said goodbye. */
export const BRIDGE_CLOSING: Problem = {
  title: "The bridge was stopped",
  text: "Whoever runs it has ended it.",
  next: "Start it again with ghosthands serve. The page goes on by itself.",
};

/** Places for devices or watchers are taken: HTTP 503, or an error of the protocol. */
export function roomFull(room: string, who: "device" | "watcher"): Problem {
  return {
    title: `Room “${room}” is full`,
    text:
      who === "device"
        ? "No place is left for another camera."
        : "No place is left for another watcher.",
    next:
      who === "device"
        ? "Press Stop on a device that is not needed, or raise max_views of the bridge. The page goes on by itself."
        : "Close the page on a screen that is not needed, or raise max_subscribers of the bridge.",
  };
}

/** Nobody publishes to the room, and it is not kept open: there is nothing to watch yet. */
export function unknownRoom(room: string): Problem {
  return {
    title: `Waiting for room “${room}”`,
    text: "It opens as soon as a device publishes to it. This page then starts by itself.",
    next: "Open the capture page on a phone, or choose another room.",
    link: { label: "See the rooms", href: "/" },
  };
}

/** The room asks for a token, and none was shown. */
export function needsToken(room: string): Problem {
  return {
    title: "This room asks for a link or a join code",
    text: `Room “${room}” lets in only those who were invited.`,
    next: "Scan the QR code on the bridge’s screen, or type the join code.",
    link: { label: "Type a join code", href: `/?room=${encodeURIComponent(room)}` },
  };
}

/** A token was shown that does not open the room. `reason` is the bridge’s own word for why. */
export function wrongToken(room: string, reason: string): Problem {
  return {
    title: "This link does not open this room",
    text: sentence(reason),
    next: "Ask for a new link, or type the room’s join code.",
    link: { label: "Type a join code", href: `/?room=${encodeURIComponent(room)}` },
  };
}

/** Too many attempts or messages: HTTP 429, close code 4429. */
export function tooMany(seconds: number): Problem {
  return {
    title: "Too many attempts",
    text: "The bridge takes a few a minute.",
    next: `Try again in ${Math.max(1, Math.ceil(seconds))} seconds.`,
  };
}

export const NO_WEBGL: Problem = {
  title: "This browser cannot draw in 3D",
  text: "It has no WebGL 2, or it is switched off.",
  next: "Switch graphics acceleration on in the browser’s settings, update the browser, or open this address in another.",
};

/** The graphics driver gave up; a browser may give it back. */
export const WEBGL_LOST: Problem = {
  title: "The picture was lost",
  text: "The device took the graphics away, as it does when it is short of memory.",
  next: "Close other tabs, then reload this page.",
};

export const NO_WEBXR: Problem = {
  title: "No headset here",
  text: "This browser has no WebXR.",
  next: "Open this address in the headset’s own browser. Everyone else can watch in the viewer.",
};

export const XR_REFUSED: Problem = {
  title: "The headset did not start",
  text: "The browser was not allowed to, or the headset is in use.",
  next: "Allow virtual reality and hand tracking for this page, then press Start again.",
};

export const VERSION_MISMATCH: Problem = {
  title: "This page is too old or too new for the bridge",
  text: "The bridge was updated while this page was open.",
  next: "Reload the page; if it stays, update the bridge.",
};

/**
 * Safari opens no WebSocket to a server whose certificate it does not trust, even on a page whose
 * warning was accepted (WebKit bug 41419): sending video works there, watching does not.
 */
export const UNTRUSTED_SOCKET: Problem = {
  title: "Safari does not connect to this bridge",
  text: "The page came, but Safari opens no live connection while it does not trust the certificate.",
  next: "Watch on another device or in another browser on a computer, or give the bridge a certificate that this device trusts.",
  link: CERTIFICATE_HELP,
};

/** Words of the bridge as a sentence: it writes them small and without a full stop. */
export function sentence(words: string): string {
  const text = words.trim().replace(/\.$/, "");
  return text ? `${text.charAt(0).toUpperCase()}${text.slice(1)}.` : "";
}
