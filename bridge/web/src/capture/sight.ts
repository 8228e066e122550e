/** What the bridge sees in this view: the messages of the sight channel (SPEC.md, section 10). */

/** Label of the data channel on which the bridge tells it. */
export const SIGHT_LABEL = "sight";

const FORMAT = 1;
const HEADER_BYTES = 22;
const POINTS = 21;
const HAND_BYTES = 1 + 4 * POINTS;
const UNKNOWN_16 = 0xffff;
const UNKNOWN_8 = 0xff;
/** Keypoints count up to half a picture outside of it. */
const LOWEST = -0.5;
const SPAN = 2;

const CAMERAS = ["unknown", "sought", "tapped", "known"] as const;

/** Whether the bridge knows where this device stands among the others. */
export type Cameras = (typeof CAMERAS)[number];

/** A position as shares of a picture's width and height: x right, y down. */
export interface Share {
  x: number;
  y: number;
}

/** One hand in the picture. */
export interface SeenHand {
  side: "left" | "right";
  /** 0 to 1. */
  confidence: number;
  /** 21 keypoints: wrist, then thumb to little finger, each from base to tip. */
  points: Share[];
}

/** What the bridge saw in one picture of this view. */
export interface Sight {
  /** Rises with each message; a late one has a smaller number. */
  seq: number;
  /** The picture as the bridge got it, pixels. */
  width: number;
  height: number;
  /** Pictures of this view that become poses, a second. */
  rateHz: number;
  /** From capture to pose. */
  latencyMs: number | null;
  /** The bridge knows this device's clock; else it takes arrival for capture. */
  clock: boolean;
  /** Other devices in the room, and those of them with a picture of the same instant. */
  others: number;
  together: number;
  /** Largest time between this picture and one of theirs. */
  spreadMs: number | null;
  cameras: Cameras;
  /** Angle to the other camera that looks most alike. */
  nearestDeg: number | null;
  /** The room knows its instrument; its corners were tapped in this view. */
  instrument: boolean;
  tapped: boolean;
  /** They were, before the device was turned: they are not there any more. */
  turned: boolean;
  hands: SeenHand[];
}

/** The message in these bytes; null where they are none of this format. */
export function decodeSight(data: unknown): Sight | null {
  if (!(data instanceof ArrayBuffer) || data.byteLength < HEADER_BYTES) return null;
  const view = new DataView(data);
  const flags = view.getUint8(1);
  const cameras = CAMERAS[view.getUint8(16)];
  const sides = (["left", "right"] as const).filter((_, bit) => flags & (1 << bit));
  const nearest = view.getUint8(17);
  if (
    view.getUint8(0) !== FORMAT ||
    flags > 63 ||
    view.getUint16(12, true) !== 0 ||
    !cameras ||
    (nearest > 180 && nearest !== UNKNOWN_8) ||
    data.byteLength !== HEADER_BYTES + HAND_BYTES * sides.length
  ) {
    return null;
  }
  const tenths = (at: number): number | null => {
    const value = view.getUint16(at, true);
    return value === UNKNOWN_16 ? null : value / 10;
  };
  return {
    seq: view.getUint32(18, true),
    width: view.getUint16(2, true),
    height: view.getUint16(4, true),
    rateHz: view.getUint16(6, true) / 10,
    latencyMs: tenths(8),
    spreadMs: tenths(10),
    clock: (flags & 4) !== 0,
    others: view.getUint8(14),
    together: view.getUint8(15),
    cameras,
    nearestDeg: nearest === UNKNOWN_8 ? null : nearest,
    instrument: (flags & 8) !== 0,
    tapped: (flags & 16) !== 0,
    turned: (flags & 32) !== 0,
    hands: sides.map((side, which) => readHand(view, side, HEADER_BYTES + HAND_BYTES * which)),
  };
}

function readHand(view: DataView, side: SeenHand["side"], start: number): SeenHand {
  const share = (at: number) => (view.getUint16(at, true) / 0xffff) * SPAN + LOWEST;
  const points = Array.from({ length: POINTS }, (_, point) => {
    const at = start + 1 + 4 * point;
    return { x: share(at), y: share(at + 2) };
  });
  return { side, confidence: view.getUint8(start) / 255, points };
}

/** Opens the channel; to be called before the offer is made. Late messages are left out. */
export function openSightChannel(peer: RTCPeerConnection, onSight: (sight: Sight) => void): void {
  // What is late is worthless, so nothing is repeated or waited for.
  const channel = peer.createDataChannel(SIGHT_LABEL, { ordered: false, maxRetransmits: 0 });
  channel.binaryType = "arraybuffer";
  let last = -1;
  channel.addEventListener("message", ({ data }) => {
    const sight = decodeSight(data);
    if (!sight || sight.seq <= last) return;
    last = sight.seq;
    onSight(sight);
  });
}
