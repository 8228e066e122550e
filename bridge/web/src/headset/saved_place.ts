import type { Quaternion, Vector3 } from "../protocol/index.js";
import type { Rigid } from "../stage/rigid.js";

/** Where an instrument was, kept for the next time. */
export interface SavedPlace {
  /** In the room, or against the anchor where there is one. */
  pose: Rigid;
  /** Under which the browser keeps an anchor, so that the place holds wherever one enters. */
  anchor: string | null;
}

type Store = Pick<Storage, "getItem" | "setItem" | "removeItem">;

const FORMAT = 1;

/** The place kept for an instrument in a room; null where there is none, or none to be read. */
export function loadPlace(store: Store, room: string, instrument: string): SavedPlace | null {
  try {
    const found = JSON.parse(store.getItem(keyOf(room, instrument)) ?? "null");
    const positionM = numbers<Vector3>(found?.position_m, 3);
    const rotationQuat = numbers<Quaternion>(found?.rotation_quat, 4);
    if (found?.format !== FORMAT || !positionM || !rotationQuat) return null;
    if (Math.abs(Math.hypot(...rotationQuat) - 1) > 0.01) return null;
    const anchor = typeof found.anchor === "string" ? found.anchor : null;
    return { pose: { positionM, rotationQuat }, anchor };
  } catch {
    return null;
  }
}

/** Keeps a place; false where the browser keeps nothing. */
export function savePlace(
  store: Store,
  room: string,
  instrument: string,
  { pose, anchor }: SavedPlace,
): boolean {
  const { positionM: position_m, rotationQuat: rotation_quat } = pose;
  const text = JSON.stringify({ format: FORMAT, position_m, rotation_quat, anchor });
  try {
    store.setItem(keyOf(room, instrument), text);
    return true;
  } catch {
    return false;
  }
}

function keyOf(room: string, instrument: string): string {
  return `ghosthands.instrument.${room}.${instrument}`;
}

function numbers<T>(value: unknown, length: number): T | null {
  const fit =
    Array.isArray(value) &&
    value.length === length &&
    value.every((item) => typeof item === "number" && Math.abs(item) <= 1000);
  return fit ? (value as T) : null;
}
